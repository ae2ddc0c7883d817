import * as z from 'zod'
import { ingestSteps } from '../features/history/index.ts'

/** What a server process is told. */
export const serverArgumentsSchema = z.object({
  dataDir: z.string(),
  port: z.number(),
  webDir: z.string().optional(),
  databaseUrl: z.string().optional(),
  clickhouseUrl: z.string().optional(),
  clickhouseCluster: z.string().optional(),
  filesDir: z.string().optional(),
  /** How far the clock of the process is ahead of the machine's. */
  clockAheadMs: z.number().default(0),
  localSignIn: z.enum(['auto', 'on', 'off']).optional(),
  crashAfterMs: z.number().optional(),
  purgeAfterMs: z.number().optional(),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('error'),
  /** Never acknowledge: say so on standard output when points are stored, and wait to be killed. */
  holdAfterInsert: z.boolean().default(false),
  /** Purge no further than out of ClickHouse: say so on standard output, and wait to be killed. */
  holdAfterErase: z.boolean().default(false),
})
export type ServerArguments = z.input<typeof serverArgumentsSchema>

/** What a server process says once it answers. */
export const readyMessageSchema = z.object({
  url: z.string(),
  /** Empty when only an earlier start knew it. */
  apiKey: z.string(),
  organization: z.string(),
  dataDir: z.string(),
})
export type ReadyMessage = z.infer<typeof readyMessageSchema>

/** Said each time that points are stored, by a process that holds there. */
export const insertedMessageSchema = z.object({ inserted: z.literal(true) })

/** Said by a process that holds when a purge has taken something out of ClickHouse. */
export const erasedMessageSchema = z.object({ erased: z.literal(true) })

/** What a server process can be asked: to end itself by SIGKILL when a batch next reaches a step, and what memory it has. */
export const requestMessageSchema = z.union([
  z.object({ killAt: z.enum(ingestSteps) }),
  z.object({ memory: z.literal(true) }),
])

/** Said when a process knows its step. */
export const armedMessageSchema = z.object({ armed: z.literal(true) })

/** The memory of a server process in bytes, as `process.memoryUsage()` tells it: the engine's is in `rss` alone. */
export const memoryMessageSchema = z.object({
  memory: z.object({
    rss: z.number(),
    heapUsed: z.number(),
    heapTotal: z.number(),
    external: z.number(),
    arrayBuffers: z.number(),
  }),
})
export type ServerMemory = z.infer<typeof memoryMessageSchema>['memory']
