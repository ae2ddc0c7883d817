-- CreateTable
CREATE TABLE "arrival" (
    "id" INTEGER NOT NULL,
    "last" BIGINT NOT NULL,

    CONSTRAINT "arrival_pkey" PRIMARY KEY ("id")
);

-- Numbers were microseconds by each server's own clock: the next ones are above those, also of a clock that was ahead.
INSERT INTO "arrival" ("id", "last")
SELECT 1, floor(extract(epoch FROM greatest(now(), max("heartbeat_at")) + interval '1 minute') * 1000000)::bigint
FROM "writer" HAVING count(*) > 0;
