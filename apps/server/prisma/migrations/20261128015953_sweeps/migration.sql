-- CreateEnum
CREATE TYPE "sweep_state" AS ENUM ('pending', 'running', 'paused', 'finished', 'canceled');

-- AlterTable
ALTER TABLE "run" ADD COLUMN     "sweep" TEXT;

-- A sweep is a matter of every run, not of those of one client.
UPDATE "run" SET "sweep" = w."sweep" FROM "wandb_run" w WHERE w."run_id" = "run"."id" AND w."sweep" IS NOT NULL;

-- AlterTable
ALTER TABLE "wandb_run" DROP COLUMN "sweep";

-- CreateTable
CREATE TABLE "sweep" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "project_id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "description" TEXT,
    "state" "sweep_state" NOT NULL DEFAULT 'pending',
    "config" JSONB NOT NULL,
    "seed" INTEGER NOT NULL,
    "issued" INTEGER NOT NULL DEFAULT 0,
    "expected_runs" DOUBLE PRECISION,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sweep_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sweep_agent" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sweep_id" UUID NOT NULL,
    "host" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "heartbeat_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "exited_at" TIMESTAMPTZ(3),

    CONSTRAINT "sweep_agent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sweep_trial" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sweep_id" UUID NOT NULL,
    "agent_id" UUID,
    "number" INTEGER NOT NULL,
    "run" TEXT NOT NULL,
    "config" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deliveries" INTEGER NOT NULL DEFAULT 1,
    "seen_at" TIMESTAMPTZ(3),
    "dropped_at" TIMESTAMPTZ(3),
    "stopped_at" TIMESTAMPTZ(3),
    "bands" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "sweep_trial_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "sweep_project_id_created_at_id_idx" ON "sweep"("project_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "sweep_project_id_slug_key" ON "sweep"("project_id", "slug");

-- CreateIndex
CREATE INDEX "sweep_agent_sweep_id_idx" ON "sweep_agent"("sweep_id");

-- CreateIndex
CREATE INDEX "sweep_trial_sweep_id_run_idx" ON "sweep_trial"("sweep_id", "run");

-- CreateIndex
CREATE INDEX "sweep_trial_agent_id_idx" ON "sweep_trial"("agent_id");

-- CreateIndex
CREATE UNIQUE INDEX "sweep_trial_sweep_id_number_key" ON "sweep_trial"("sweep_id", "number");

-- CreateIndex
CREATE INDEX "run_project_id_sweep_idx" ON "run"("project_id", "sweep");

-- AddForeignKey
ALTER TABLE "sweep" ADD CONSTRAINT "sweep_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sweep_agent" ADD CONSTRAINT "sweep_agent_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweep"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sweep_trial" ADD CONSTRAINT "sweep_trial_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweep"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sweep_trial" ADD CONSTRAINT "sweep_trial_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "sweep_agent"("id") ON DELETE SET NULL ON UPDATE CASCADE;
