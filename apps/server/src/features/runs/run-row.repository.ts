import { gitFactsSchema, hostFactsSchema, isLiveState, type Run } from '@kiroku/core/runs'
import { isRecord, type WireRecord } from '@kiroku/core/values'
import * as z from 'zod'
import type { Prisma } from '../../generated/prisma/client.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import { runtimeOf } from './writer-times.ts'

/** Config and summary went in through the schema and are large; what matters is that they are records. */
const storedRecordSchema = z.custom<WireRecord>(isRecord, 'expected a record')

/** What a run is read with: the times of its writers. */
export const includedInRun = {
  writers: {
    select: { startedAt: true, heartbeatAt: true, finishedAt: true, runtimeBeforeMs: true, isSuperseded: true },
  },
} satisfies Prisma.RunInclude

/** A run as it is read from the database. */
export type RunRow = Prisma.RunGetPayload<{ include: typeof includedInRun }>

/** A run's row as its reader sees it. `aliveMs` is how long a live writer may be silent. */
export function toRun(scope: ProjectScope, row: RunRow, aliveMs: number): Run {
  const aliveSince = Date.now() - aliveMs
  const alive = row.writers.filter(
    ({ finishedAt, heartbeatAt }) => finishedAt === null && heartbeatAt.getTime() >= aliveSince,
  )
  return {
    id: row.id,
    slug: row.slug,
    organization: scope.organization,
    project: scope.project,
    displayName: row.displayName,
    group: row.group,
    jobType: row.jobType,
    notes: row.notes,
    tags: row.tags,
    state: row.state,
    config: storedRecordSchema.parse(row.config),
    summary: storedRecordSchema.parse(row.summary),
    createdAt: row.createdAt.getTime(),
    startedAt: row.startedAt.getTime(),
    finishedAt: row.finishedAt?.getTime() ?? null,
    heartbeatAt: row.heartbeatAt.getTime(),
    exitCode: row.exitCode,
    lastStep: row.lastStep,
    runtimeMs: runtimeOf(
      row.writers.map(({ startedAt, heartbeatAt, finishedAt, ...writer }) => ({
        ...writer,
        startedAt: startedAt.getTime(),
        heartbeatAt: heartbeatAt.getTime(),
        finishedAt: finishedAt?.getTime() ?? null,
      })),
    ),
    isShared: row.isShared,
    liveWriters: isLiveState(row.state) ? alive.length : 0,
    stopAskedAt: row.stopAskedAt?.getTime() ?? null,
    sweep: row.sweep,
    git: gitFactsSchema.parse(row.git),
    host: hostFactsSchema.parse(row.host),
  }
}
