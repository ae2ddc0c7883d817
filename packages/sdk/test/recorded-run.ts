import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HistoryBatch, RowBlock } from '@kiroku/core/history'
import type { WireValue } from '@kiroku/core/values'
import { logFileName } from '../src/log/format.ts'
import { LogReader } from '../src/log/log-reader.ts'
import { LogWriter } from '../src/log/log-writer.ts'
import { Run } from '../src/run.ts'
import type { RunParts } from '../src/run-parts.ts'
import { Assembler } from '../src/sidecar/assembler.ts'

/** One assembled row: its step, and all that it holds by metric. */
export type SeenRow = { seq: number; step: number; values: Record<string, WireValue> }

/** A run without threads: what it sends goes straight to a log in a temporary directory. */
export class RecordedRun {
  readonly directory = mkdtempSync(join(tmpdir(), 'kiroku-run-'))
  readonly path = join(this.directory, logFileName)
  readonly told: string[] = []
  readonly #log = new LogWriter(this.path)
  readonly run: Run

  /** `parts`: what the run has beyond a bare one. */
  constructor(parts: Partial<Omit<RunParts, 'link'>> = {}) {
    this.run = new Run({
      id: 'recorded',
      project: 'demo',
      labels: {},
      config: {},
      definitions: [],
      schemas: new Map(),
      ...parts,
      link: {
        send: (payload) => {
          this.#log.append(payload)
          return true
        },
        directory: this.directory,
        tell: (text) => {
          this.told.push(text)
        },
        facts: () => ({}),
        signal: () => new AbortController().signal,
        isStopAsked: () => false,
        end: () => {},
        settle: () => Promise.resolve(),
      },
    })
  }

  /** Ends the run and assembles its log, from the record after `ackSeq` on. */
  assemble(ackSeq = 0): ReturnType<Assembler['take']> {
    this.run.end(0)
    this.#log.flush()
    return assembleLog(this.path, ackSeq)
  }

  /** Ends the run; its rows as the server would get them. */
  rows(): SeenRow[] {
    const { history, texts } = this.assemble()
    return seenRows(history, texts)
  }

  [Symbol.dispose](): void {
    this.#log.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** All records of a log after `ackSeq`. */
export function assembleLog(path: string, ackSeq = 0): ReturnType<Assembler['take']> {
  const reader = new LogReader(path)
  reader.isFinal = true
  const assembler = new Assembler(ackSeq)
  while (reader.next()) assembler.accept(reader)
  reader.close()
  return assembler.take()
}

/** A block's rows, with their texts, by row; non-finite numbers as their names. */
export function seenRows(block: RowBlock, texts: HistoryBatch['texts'] = []): SeenRow[] {
  return Array.from(block.seqs, (seq, row) => {
    const values: Record<string, WireValue> = {}
    for (const metric of block.metrics) {
      const index = metric.rows === null ? row : metric.rows.indexOf(row)
      const value = index < 0 ? undefined : metric.values[index]
      if (value !== undefined) values[metric.name] = Number.isFinite(value) ? value : String(value)
    }
    for (const text of texts) if (text.seq === seq) values[text.metric] = text.value
    return { seq, step: block.steps[row] ?? Number.NaN, values }
  })
}
