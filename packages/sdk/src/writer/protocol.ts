import type { MessagePort } from 'node:worker_threads'
import { errorCodeSchema } from '@kiroku/core/errors'
import { createRunResultSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import { logHeaderSchema } from '../log/schemas.ts'

/** The kind byte of the message that opens a run; the other messages of the ring are records of the log. */
export const openKind = 64

/**
 * The kind byte of a message that brings a file of the run: `u8 kind | u8 0 | u16 0 | u32 n | n bytes of JSON (fileFactsSchema) |
 * content`. The thread writes the content below the run's `files/` and puts a `file` update in the log, unless an ignore glob
 * keeps the file on this disk.
 */
export const fileKind = 65

/** The kind byte of a message without content: the script has heard that it is to stop, or looks for that by itself. */
export const listeningKind = 66

/** Ring tags: the run's number, and whether the message goes on in the next one. */
export const ringTag = (run: number, goesOn: boolean): number => run * 2 + (goesOn ? 1 : 0)

/** What the writer thread must know to write a run. */
export const openRunSchema = z.object({
  directory: z.string(),
  /** Where the sidecar's own log is. */
  root: z.string(),
  /** Null: the run stays on this disk. */
  apiKey: z.string().nullable(),
  header: logHeaderSchema,
  /**
   * `isTracked`: the program and the patches are kept; `isGitTracked`: commit, remote and patches are. Files whose path fits one of
   * the globs stay on this disk. `savePackages`: the list of packages is kept.
   */
  code: z
    .object({
      isTracked: z.boolean(),
      isGitTracked: z.boolean(),
      ignoreGlobs: z.array(z.string()),
      savePackages: z.boolean(),
    })
    .default({ isTracked: true, isGitTracked: true, ignoreGlobs: [], savePackages: true }),
  /** `isTold`: what the machine, its user and the script's place on it are may be sent. */
  machine: z.object({ isTold: z.boolean() }).default({ isTold: true }),
  /** Null: no metrics of the machine. `gpuDeviceIds` null: all; `label`: of this writer of a shared run. */
  stats: z
    .object({
      sampleMs: z.number(),
      windowMs: z.number(),
      diskPaths: z.array(z.string()).default(['/']),
      gpuDeviceIds: z.array(z.number().int()).nullable().default(null),
      processTree: z.boolean().default(false),
      usesCgroup: z.boolean().default(true),
      label: z.string().nullable().default(null),
    })
    .nullable(),
  isQuiet: z.boolean(),
  script: z.object({ program: z.string().nullable(), arguments: z.array(z.string()), directory: z.string() }),
})
export type OpenRun = z.output<typeof openRunSchema>
export type OpenRunInput = z.input<typeof openRunSchema>

/** What the writer thread is started with. */
export const writerDataSchema = z.object({
  ring: z.instanceof(SharedArrayBuffer),
  port: z.custom<MessagePort>((port) => port !== null && typeof port === 'object'),
  sidecarPath: z.string(),
})

/**
 * What the writer thread tells the main thread. `stored`: the record that ends the run is on this disk. `refused`: nobody
 * need wait for the server any more; `code` is the server's, where it named one. `connected`: the server that took
 * nothing, or refused the run, takes it again. `stopAsked`: somebody asked the script to end.
 */
export const writerEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('created'), run: z.number(), url: z.string(), result: createRunResultSchema }),
  z.object({
    type: z.literal('acknowledged'),
    run: z.number(),
    bytes: z.number(),
    total: z.number(),
    otherWriters: z.number(),
  }),
  z.object({ type: z.literal('stopAsked'), run: z.number() }),
  z.object({ type: z.literal('connected'), run: z.number() }),
  z.object({ type: z.literal('waiting'), run: z.number(), why: z.string() }),
  z.object({ type: z.literal('stored'), run: z.number() }),
  z.object({ type: z.literal('refused'), run: z.number(), why: z.string(), code: errorCodeSchema.nullable() }),
  z.object({ type: z.literal('done'), run: z.number() }),
])
export type WriterEvent = z.infer<typeof writerEventSchema>
