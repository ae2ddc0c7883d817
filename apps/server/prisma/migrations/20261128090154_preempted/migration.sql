-- AlterEnum
-- This migration adds more than one value to an enum.
-- With PostgreSQL versions 11 and earlier, this is not possible
-- in a single migration. This can be worked around by creating
-- multiple migrations, each migration adding only one value to
-- the enum.


ALTER TYPE "run_state" ADD VALUE 'preempting';
ALTER TYPE "run_state" ADD VALUE 'preempted';

-- AlterTable
ALTER TABLE "wandb_run" DROP COLUMN "is_preempting";

-- AlterTable
ALTER TABLE "sweep_trial" ADD COLUMN     "resumed_at" TIMESTAMPTZ(3);
