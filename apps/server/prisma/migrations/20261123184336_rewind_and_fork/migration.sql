-- AlterTable
ALTER TABLE "run" ADD COLUMN     "earlier_segments" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "pending" JSONB;

-- AlterTable
ALTER TABLE "writer" ADD COLUMN     "is_superseded" BOOLEAN NOT NULL DEFAULT false;
