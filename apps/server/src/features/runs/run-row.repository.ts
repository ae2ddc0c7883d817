import { gitFactsSchema, hostFactsSchema, type Run } from '@kiroku/core/runs'
import { isRecord, type WireRecord } from '@kiroku/core/values'
import * as z from 'zod'
import type { Prisma } from '../../generated/prisma/client.ts'
import type { ProjectScope } from '../../http/scopes.ts'

/** Config and summary went in through the schema and are large; what matters is that they are records. */
const storedRecordSchema = z.custom<WireRecord>(isRecord, 'expected a record')

/** What a run is read with: the number of its live writers. */
export function includedInRun(aliveMs: number): {
  _count: { select: { writers: { where: Prisma.WriterWhereInput } } }
} {
  const aliveSince = new Date(Date.now() - aliveMs)
  return { _count: { select: { writers: { where: { finishedAt: null, heartbeatAt: { gte: aliveSince } } } } } }
}

/** A run as it is read from the database. */
export type RunRow = Prisma.RunGetPayload<{ include: { _count: { select: { writers: true } } } }>

/** A run's row as its reader sees it. */
export function toRun(scope: ProjectScope, row: RunRow): Run {
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
    runtimeMs: Math.max(0, (row.finishedAt ?? row.heartbeatAt).getTime() - row.startedAt.getTime()),
    isShared: row.isShared,
    liveWriters: row.state === 'running' ? row._count.writers : 0,
    git: gitFactsSchema.parse(row.git),
    host: hostFactsSchema.parse(row.host),
  }
}
