-- The id of a new run: a UUID of version 8 whose second half begins with the time in milliseconds. ClickHouse sorts UUIDs by their second
-- half, so that runs of one time lie side by side there: parts that were made one after the other have few runs in common, and a chart of
-- the latest runs reads neighbours.
CREATE FUNCTION "new_run_id"() RETURNS UUID LANGUAGE sql VOLATILE AS $$
  SELECT (substr(random, 1, 12) || '8' || substr(random, 14, 3)
          || '8' || lpad(to_hex(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || substr(random, 30, 3))::uuid
  FROM (SELECT replace(gen_random_uuid()::text, '-', '') AS random) AS source
$$;

ALTER TABLE "run" ALTER COLUMN "id" SET DEFAULT "new_run_id"();
