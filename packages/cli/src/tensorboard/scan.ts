import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import type { Value } from '@kiroku/core/values'
import { readEvent, type TensorboardEvent } from './event.ts'
import type { EventDirectory } from './find-runs.ts'
import { readHparams } from './hparams.ts'
import { Purges } from './purges.ts'
import { type RecordsEnd, readRecords } from './record-file.ts'

/** A file as far as it can be read: `size` bytes of it. */
export type ScannedFile = { path: string; size: number }

/**
 * What must be known of a run before its first value can be sent. `firstTime` is that of its first event, `lastTime` that of
 * its last value, in unix milliseconds.
 */
export type ScannedRun = {
  name: string
  files: ScannedFile[]
  /** SHA-256 over the name and what can be read of the files. */
  digest: string
  firstTime: number
  lastTime: number
  hparams: Record<string, Value>
  /** The plugin that each tag belongs to. */
  plugins: ReadonlyMap<string, string>
  purges: Purges
  /** What could not be read, a sentence each. */
  problems: string[]
  /** Whether one of them is more than a last record that a killed writer left unfinished. */
  isDamaged: boolean
}

/** Unix seconds in whole milliseconds. */
export const toMs = (seconds: number): number => (Number.isFinite(seconds) ? Math.round(seconds * 1000) : 0)

/** Reads all event files of a run once, checks their sums, and notes what later files say of earlier ones. */
export async function scanRun({ name, files }: EventDirectory): Promise<ScannedRun> {
  const hash = createHash('sha256').update(`kiroku tensorboard 1 ${name}\0`)
  const plugins = new Map<string, string>()
  const run: ScannedRun = {
    name,
    files: [],
    digest: '',
    firstTime: Number.POSITIVE_INFINITY,
    lastTime: 0,
    hparams: {},
    plugins,
    purges: new Purges(),
    problems: [],
    isDamaged: false,
  }
  let position = 0
  for (const path of files) {
    const { size } = await stat(path)
    hash.update(`${basename(path)}\0`)
    const records = readRecords(path, { size, isChecked: false })
    let next = await records.next()
    for (; !next.done; next = await records.next()) {
      hash.update(next.value)
      note(run, plugins, position++, eventOf(path, next.value))
    }
    const end = next.value
    run.files.push({ path, size: end?.at ?? size })
    if (end === null) continue
    run.isDamaged ||= end.kind === 'damaged'
    run.problems.push(describe(path, end))
  }
  run.purges.close()
  const firstTime = Number.isFinite(run.firstTime) ? run.firstTime : 0
  return { ...run, digest: hash.digest('hex'), firstTime, lastTime: Math.max(firstTime, run.lastTime) }
}

function note(run: ScannedRun, plugins: Map<string, string>, position: number, event: TensorboardEvent): void {
  const time = toMs(event.wallTime)
  run.firstTime = Math.min(run.firstTime, time)
  if (event.values.length > 0) run.lastTime = Math.max(run.lastTime, time)
  run.purges.gather(position, { ...event, tags: event.values.map(({ tag }) => tag) })
  for (const { tag, plugin } of event.values) {
    if (plugin === null || plugins.has(tag)) continue
    plugins.set(tag, plugin.name)
    if (plugin.name === 'hparams') Object.assign(run.hparams, readHparams(plugin.content))
  }
}

/** An event's step must be one that Kiroku has; a record that is none is as good as damaged. */
export function eventOf(path: string, record: Uint8Array): TensorboardEvent {
  try {
    const event = readEvent(record)
    if (Number.isSafeInteger(event.step)) return event
    throw new RangeError(`it has the step ${event.step}`)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    const message = `${path} has a record that is no event of TensorBoard: ${cause.message}`
    throw new KirokuError({ code: 'BAD_REQUEST', message, cause })
  }
}

function describe(path: string, { kind, at, bytes }: RecordsEnd): string {
  const file = basename(path)
  return kind === 'cut'
    ? `${file} ends in the middle of its last record, of which ${bytes} bytes are left out`
    : `${file} is damaged at byte ${at}: the ${bytes} bytes from there on are left out`
}
