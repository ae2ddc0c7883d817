-- AlterTable
ALTER TABLE "run" ADD COLUMN     "chunk_id" UUID;

-- CreateTable
CREATE TABLE "run_chunk" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "project_id" UUID NOT NULL,
    "size" INTEGER NOT NULL,
    "runs" UUID[],

    CONSTRAINT "run_chunk_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_column" (
    "chunk_id" UUID NOT NULL,
    "source" TEXT NOT NULL,
    "key_hash" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "numbers" DOUBLE PRECISION[],
    "texts" TEXT[],

    CONSTRAINT "run_column_pkey" PRIMARY KEY ("chunk_id","source","key_hash")
);

-- CreateTable
CREATE TABLE "run_chunk_gap" (
    "chunk_id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "left_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "run_chunk_gap_pkey" PRIMARY KEY ("chunk_id","run_id")
);

-- CreateIndex
CREATE INDEX "run_chunk_project_id_idx" ON "run_chunk"("project_id");

-- CreateIndex
CREATE INDEX "run_loose_idx" ON "run"("project_id", "created_at", "id") WHERE ("chunk_id" IS NULL AND "deleted_at" IS NULL);

-- AddForeignKey
ALTER TABLE "run_chunk" ADD CONSTRAINT "run_chunk_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_column" ADD CONSTRAINT "run_column_chunk_id_fkey" FOREIGN KEY ("chunk_id") REFERENCES "run_chunk"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_chunk_gap" ADD CONSTRAINT "run_chunk_gap_chunk_id_fkey" FOREIGN KEY ("chunk_id") REFERENCES "run_chunk"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Columns are read whole and hardly compress: as they are they are read fastest.
ALTER TABLE "run_chunk" ALTER COLUMN "runs" SET STORAGE EXTERNAL;
ALTER TABLE "run_column" ALTER COLUMN "numbers" SET STORAGE EXTERNAL;

-- What a document in wire form has at a flat dotted name; NULL for nothing. Of names that are the same with dots, the one with
-- the longest first part counts. Keep it the same as `valueAtPath` of packages/core/src/run-paths.ts.
CREATE FUNCTION "run_leaf_at"(document JSONB, path TEXT) RETURNS JSONB LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  head TEXT;
  inside JSONB;
  found JSONB := document -> (CASE WHEN left(path, 1) = '$' THEN '$' || path ELSE path END);
BEGIN
  IF found IS NOT NULL OR strpos(path, '.') = 0 THEN
    RETURN found;
  END IF;
  FOR dot IN REVERSE length(path)..1 LOOP
    IF substr(path, dot, 1) = '.' THEN
      head := left(path, dot - 1);
      inside := document -> (CASE WHEN left(head, 1) = '$' THEN '$' || head ELSE head END);
      IF jsonb_typeof(inside) = 'object' AND NOT inside ? '$n' THEN
        found := run_leaf_at(inside, substr(path, dot + 1));
        IF found IS NOT NULL THEN
          RETURN found;
        END IF;
      END IF;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- The number that a value in wire form is; NULL for what is none.
CREATE FUNCTION "run_leaf_number"(value JSONB) RETURNS DOUBLE PRECISION LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE jsonb_typeof(value)
    WHEN 'number' THEN value::float8
    WHEN 'object' THEN CASE value ->> '$n' WHEN 'NaN' THEN 'NaN'::float8 WHEN 'Infinity' THEN 'Infinity'::float8
                       WHEN '-Infinity' THEN '-Infinity'::float8 END
  END
$$;

-- The text that stands for a value that is no number, its kind first; NULL for a number and for nothing.
CREATE FUNCTION "run_leaf_text"(value JSONB) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE jsonb_typeof(value)
    WHEN 'string' THEN 's' || (value #>> '{}')
    WHEN 'boolean' THEN 'b' || value::text
    WHEN 'array' THEN 'l' || value::text
    WHEN 'null' THEN 'z'
    WHEN 'object' THEN CASE WHEN value ? '$n' THEN NULL ELSE 'o' END
  END
$$;

-- All flat dotted names of a document in wire form with what `run_leaf_at` finds there, objects too.
CREATE FUNCTION "run_leaves"(document JSONB) RETURNS TABLE (key TEXT, value JSONB) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $leaves$
  WITH RECURSIVE opened AS (
    SELECT CASE WHEN left(e.key, 2) = '$$' THEN substr(e.key, 2) ELSE e.key END AS key, e.value,
           ARRAY[length(e.key)] AS lengths
    FROM jsonb_each(document) AS e
    UNION ALL
    SELECT outside.key || '.' || CASE WHEN left(e.key, 2) = '$$' THEN substr(e.key, 2) ELSE e.key END, e.value,
           outside.lengths || length(e.key)
    FROM opened AS outside, jsonb_each(CASE WHEN jsonb_typeof(outside.value) = 'object' AND NOT outside.value ? '$n'
                                            THEN outside.value ELSE '{}' END) AS e
  )
  SELECT DISTINCT ON (opened.key) opened.key, opened.value FROM opened ORDER BY opened.key, opened.lengths DESC
$leaves$;

-- A run that changes or goes leaves its chunk, whoever changes it: what the chunk has of it is no longer true.
CREATE FUNCTION "run_leave_chunk"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO run_chunk_gap (chunk_id, run_id) SELECT id, OLD.id FROM run_chunk WHERE id = OLD.chunk_id
  ON CONFLICT DO NOTHING;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  NEW.chunk_id := NULL;
  RETURN NEW;
END $$;

CREATE TRIGGER "run_changes" BEFORE UPDATE ON "run" FOR EACH ROW
  WHEN (OLD.chunk_id IS NOT NULL AND NEW.chunk_id IS NOT NULL) EXECUTE FUNCTION "run_leave_chunk"();
CREATE TRIGGER "run_goes" BEFORE DELETE ON "run" FOR EACH ROW
  WHEN (OLD.chunk_id IS NOT NULL) EXECUTE FUNCTION "run_leave_chunk"();
