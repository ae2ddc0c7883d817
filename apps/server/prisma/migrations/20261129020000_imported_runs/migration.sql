-- When a run came to this server by an import, whose record says when it was made elsewhere: retention counts from here.
ALTER TABLE "run" ADD COLUMN "imported_at" TIMESTAMPTZ(3);
