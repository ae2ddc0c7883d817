-- DropIndex
DROP INDEX "project_organization_id_name_key";

-- AlterTable
ALTER TABLE "organization" ADD COLUMN     "deleted_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "project" ADD COLUMN     "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN     "retention_days" INTEGER;

-- CreateTable
CREATE TABLE "purged_writer" (
    "organization_id" UUID NOT NULL,
    "project" TEXT NOT NULL,
    "writer" CHAR(16) NOT NULL,
    "purged_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "purged_writer_pkey" PRIMARY KEY ("organization_id","project","writer")
);

-- CreateIndex
CREATE INDEX "purged_writer_purged_at_idx" ON "purged_writer"("purged_at");

-- CreateIndex
CREATE INDEX "project_organization_id_idx" ON "project"("organization_id");

-- CreateIndex
CREATE INDEX "project_deleted_at_idx" ON "project"("deleted_at");

-- CreateIndex
CREATE UNIQUE INDEX "project_organization_id_name_key" ON "project"("organization_id", "name") WHERE ("deleted_at" IS NULL);

-- AddForeignKey
ALTER TABLE "purged_writer" ADD CONSTRAINT "purged_writer_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
