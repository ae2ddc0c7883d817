import { KirokuError } from '@kiroku/core/errors'
import type { Rejection } from '@kiroku/core/history'
import { type ExtendedRecord, parseExtendedRecord } from '@kiroku/wandb-format/extended-json'

/** Parses lines of JSON one by one. A line that cannot be read is told, and never keeps the others out. */
export function readLines(lines: readonly string[], file: string, refused: Rejection[]): ExtendedRecord[] {
  return lines.flatMap((line) => {
    try {
      return [parseExtendedRecord(line)]
    } catch (error) {
      if (!(error instanceof KirokuError)) throw error
      refused.push({ metric: file, reason: error.message.slice(0, 300) })
      return []
    }
  })
}
