-- CreateEnum
CREATE TYPE "artifact_state" AS ENUM ('pending', 'committed');

-- CreateEnum
CREATE TYPE "artifact_manifest_kind" AS ENUM ('full', 'incremental', 'patch');

-- CreateEnum
CREATE TYPE "artifact_role" AS ENUM ('input', 'output');

-- AlterTable
ALTER TABLE "blob" ADD COLUMN     "md5" TEXT;

-- CreateTable
CREATE TABLE "artifact_collection" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "project_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "is_portfolio" BOOLEAN NOT NULL DEFAULT false,
    "description" TEXT,
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "next_version" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "artifact_collection_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "artifact" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "collection_id" UUID NOT NULL,
    "state" "artifact_state" NOT NULL DEFAULT 'pending',
    "digest" TEXT NOT NULL,
    "description" TEXT,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "new_aliases" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "distributed_id" TEXT,
    "link_secret" BYTEA NOT NULL,
    "size" BIGINT NOT NULL DEFAULT 0,
    "file_count" INTEGER NOT NULL DEFAULT 0,
    "history_step" BIGINT,
    "created_by_run" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "committed_at" TIMESTAMPTZ(3),

    CONSTRAINT "artifact_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "artifact_member" (
    "collection_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "artifact_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "artifact_member_pkey" PRIMARY KEY ("collection_id","version")
);

-- CreateTable
CREATE TABLE "artifact_alias" (
    "collection_id" UUID NOT NULL,
    "alias" TEXT NOT NULL,
    "artifact_id" UUID NOT NULL,

    CONSTRAINT "artifact_alias_pkey" PRIMARY KEY ("collection_id","alias")
);

-- CreateTable
CREATE TABLE "artifact_client" (
    "client_id" TEXT NOT NULL,
    "artifact_id" UUID NOT NULL,

    CONSTRAINT "artifact_client_pkey" PRIMARY KEY ("client_id","artifact_id")
);

-- CreateTable
CREATE TABLE "artifact_manifest" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "artifact_id" UUID NOT NULL,
    "kind" "artifact_manifest_kind" NOT NULL,
    "base_artifact_id" UUID,
    "md5" TEXT,
    "sha256" CHAR(64),
    "size" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "artifact_manifest_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "artifact_file" (
    "artifact_id" UUID NOT NULL,
    "path" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "sha256" CHAR(64),
    "ref" TEXT,

    CONSTRAINT "artifact_file_pkey" PRIMARY KEY ("artifact_id","path")
);

-- CreateTable
CREATE TABLE "run_artifact" (
    "run_id" UUID NOT NULL,
    "artifact_id" UUID NOT NULL,
    "role" "artifact_role" NOT NULL,
    "used_as" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "run_artifact_pkey" PRIMARY KEY ("run_id","artifact_id","role")
);

-- CreateIndex
CREATE UNIQUE INDEX "artifact_collection_project_id_name_key" ON "artifact_collection"("project_id", "name");

-- CreateIndex
CREATE INDEX "artifact_collection_id_digest_idx" ON "artifact"("collection_id", "digest");

-- CreateIndex
CREATE INDEX "artifact_created_by_run_idx" ON "artifact"("created_by_run");

-- CreateIndex
CREATE INDEX "artifact_member_artifact_id_idx" ON "artifact_member"("artifact_id");

-- CreateIndex
CREATE UNIQUE INDEX "artifact_member_collection_id_artifact_id_key" ON "artifact_member"("collection_id", "artifact_id");

-- CreateIndex
CREATE INDEX "artifact_alias_artifact_id_idx" ON "artifact_alias"("artifact_id");

-- CreateIndex
CREATE INDEX "artifact_client_artifact_id_idx" ON "artifact_client"("artifact_id");

-- CreateIndex
CREATE INDEX "artifact_manifest_artifact_id_idx" ON "artifact_manifest"("artifact_id");

-- CreateIndex
CREATE INDEX "artifact_manifest_sha256_idx" ON "artifact_manifest"("sha256");

-- CreateIndex
CREATE INDEX "artifact_file_sha256_idx" ON "artifact_file"("sha256");

-- CreateIndex
CREATE INDEX "run_artifact_artifact_id_idx" ON "run_artifact"("artifact_id");

-- CreateIndex
CREATE INDEX "blob_organization_id_md5_idx" ON "blob"("organization_id", "md5");

-- AddForeignKey
ALTER TABLE "artifact_collection" ADD CONSTRAINT "artifact_collection_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact" ADD CONSTRAINT "artifact_collection_id_fkey" FOREIGN KEY ("collection_id") REFERENCES "artifact_collection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact" ADD CONSTRAINT "artifact_created_by_run_fkey" FOREIGN KEY ("created_by_run") REFERENCES "run"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact_member" ADD CONSTRAINT "artifact_member_collection_id_fkey" FOREIGN KEY ("collection_id") REFERENCES "artifact_collection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact_member" ADD CONSTRAINT "artifact_member_artifact_id_fkey" FOREIGN KEY ("artifact_id") REFERENCES "artifact"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact_alias" ADD CONSTRAINT "artifact_alias_collection_id_fkey" FOREIGN KEY ("collection_id") REFERENCES "artifact_collection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact_alias" ADD CONSTRAINT "artifact_alias_artifact_id_fkey" FOREIGN KEY ("artifact_id") REFERENCES "artifact"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact_client" ADD CONSTRAINT "artifact_client_artifact_id_fkey" FOREIGN KEY ("artifact_id") REFERENCES "artifact"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact_manifest" ADD CONSTRAINT "artifact_manifest_artifact_id_fkey" FOREIGN KEY ("artifact_id") REFERENCES "artifact"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact_file" ADD CONSTRAINT "artifact_file_artifact_id_fkey" FOREIGN KEY ("artifact_id") REFERENCES "artifact"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_artifact" ADD CONSTRAINT "run_artifact_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_artifact" ADD CONSTRAINT "run_artifact_artifact_id_fkey" FOREIGN KEY ("artifact_id") REFERENCES "artifact"("id") ON DELETE CASCADE ON UPDATE CASCADE;
