-- AlterTable
ALTER TABLE "run" ADD COLUMN     "stop_asked_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "writer" ADD COLUMN     "position" JSONB;

-- CreateTable
CREATE TABLE "wandb_run" (
    "run_id" UUID NOT NULL,
    "session" INTEGER NOT NULL DEFAULT 1,
    "is_resuming" BOOLEAN NOT NULL DEFAULT false,
    "internal" JSONB NOT NULL DEFAULT '{}',
    "config_keys" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "sweep" TEXT,
    "is_preempting" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "wandb_run_pkey" PRIMARY KEY ("run_id")
);

-- AddForeignKey
ALTER TABLE "wandb_run" ADD CONSTRAINT "wandb_run_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE CASCADE ON UPDATE CASCADE;
