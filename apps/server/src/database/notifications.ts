import { projectNameSchema, runSlugSchema } from '@kiroku/core/ids'
import { parseJson } from '@kiroku/core/json'
import { runStateSchema } from '@kiroku/core/runs'
import pg from 'pg'
import * as z from 'zod'
import type { Connection } from './database.ts'

const channel = 'kiroku_moved'

/** PostgreSQL refuses payloads from 8000 bytes on. */
const maxPayloadBytes = 7900

const runNoticeSchema = z.object({
  organizationId: z.string(),
  projectId: z.string(),
  project: projectNameSchema,
  run: runSlugSchema,
  state: runStateSchema,
  points: z.boolean(),
  created: z.boolean(),
  deleted: z.boolean().optional(),
})

/** A run that a statement changed, as one row, of which notice is to be given. */
export const changedRunSchema = runNoticeSchema.omit({ points: true, created: true, deleted: true })

/** One run that has something new, for all servers. */
export type RunNotice = z.infer<typeof runNoticeSchema>

/** Tells all servers, when the transaction commits, that runs moved. */
export async function notify(connection: Connection, notices: readonly RunNotice[]): Promise<void> {
  const payloads = packPayloads(notices)
  if (payloads.length > 0)
    await connection.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [channel, payloads])
}

/** Notices as JSON lists, each small enough for one notification. */
export function packPayloads(notices: readonly RunNotice[]): string[] {
  const payloads: string[] = []
  let entries: string[] = []
  let bytes = 2
  const flush = (): void => {
    if (entries.length > 0) payloads.push(`[${entries.join(',')}]`)
    entries = []
    bytes = 2
  }
  for (const notice of notices) {
    const entry = JSON.stringify(notice)
    const size = Buffer.byteLength(entry) + 1
    if (bytes + size > maxPayloadBytes) flush()
    entries.push(entry)
    bytes += size
  }
  flush()
  return payloads
}

export type NoticeListener = {
  onNotices(listener: (notices: readonly RunNotice[]) => void): () => void
  /** Called when notices may have been missed, because the connection was lost and is back. */
  onGap(listener: () => void): () => void
  close(): Promise<void>
}

const reconnectMs = 1000
const keepAliveMs = 15_000

/** Listens for what all servers tell, on a connection of its own that is made again when it is lost. */
export async function listenForNotices(url: string): Promise<NoticeListener> {
  const noticeListeners = new Set<(notices: readonly RunNotice[]) => void>()
  const gapListeners = new Set<() => void>()
  let isClosed = false
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined

  const connect = async (): Promise<void> => {
    // It only listens, and so hears of a lost network by keep-alive alone.
    const next = new pg.Client({
      connectionString: url,
      application_name: 'kiroku live',
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveMs,
    })
    next.on('notification', ({ payload }) => {
      const parsed = z.array(runNoticeSchema).safeParse(parseJson(payload ?? ''))
      if (parsed.success) for (const listener of noticeListeners) listener(parsed.data)
    })
    next.on('error', () => {})
    next.on('end', retryLater)
    await next.connect()
    await next.query(`LISTEN ${channel}`)
    client = next
  }
  const reconnect = (): void => {
    connect().then(() => {
      for (const listener of gapListeners) listener()
    }, retryLater)
  }
  const retryLater = (): void => {
    clearTimeout(timer)
    if (!isClosed) timer = setTimeout(reconnect, reconnectMs)
  }

  await connect()
  return {
    onNotices: (listener) => subscribe(noticeListeners, listener),
    onGap: (listener) => subscribe(gapListeners, listener),
    async close() {
      isClosed = true
      clearTimeout(timer)
      await client?.end()
    },
  }
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
