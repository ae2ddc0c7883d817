-- AlterTable
ALTER TABLE "run" ADD COLUMN     "is_shared" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "next_step" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "writer" ADD COLUMN     "is_resumed" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "label" TEXT,
ADD COLUMN     "reservations" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "runtime_before_ms" DOUBLE PRECISION NOT NULL DEFAULT 0,
ADD COLUMN     "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "starting_step" BIGINT NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "run_file" (
    "run_id" UUID NOT NULL,
    "path" TEXT NOT NULL,
    "sha256" CHAR(64) NOT NULL,
    "size" BIGINT NOT NULL,
    "mime" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "run_file_pkey" PRIMARY KEY ("run_id","path")
);

-- CreateTable
CREATE TABLE "blob" (
    "organization_id" UUID NOT NULL,
    "sha256" CHAR(64) NOT NULL,
    "size" BIGINT NOT NULL,
    "offered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "blob_pkey" PRIMARY KEY ("organization_id","sha256")
);

-- CreateIndex
CREATE INDEX "run_file_sha256_idx" ON "run_file"("sha256");

-- AddForeignKey
ALTER TABLE "run_file" ADD CONSTRAINT "run_file_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blob" ADD CONSTRAINT "blob_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
