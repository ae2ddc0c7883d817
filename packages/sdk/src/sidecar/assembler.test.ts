import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WireValue } from '@kiroku/core/values'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LogFile } from '../../test/log-file.ts'
import { LogReader } from '../log/log-reader.ts'
import { type Assembled, Assembler } from './assembler.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-assembler-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** All that a log gives. */
function assembled(log: LogFile): Assembled {
  log.close()
  const reader = new LogReader(log.path)
  reader.isFinal = true
  const assembler = new Assembler()
  while (reader.next()) assembler.accept(reader)
  reader.close()
  return assembler.take()
}

it('keeps names as they were logged, with a byte order mark too', () => {
  const { history } = assembled(new LogFile(directory).named('loss', 0).named('\ufeffloss', 1))
  expect(history.metrics.map(({ name }) => name)).toEqual(['loss', '\ufeffloss'])
})

it('lets no definition overtake a summary that waits for its row', () => {
  const { updates } = assembled(
    new LogFile(directory)
      .row(0, { commits: false })
      .update({ type: 'summary', set: { a: 0.5 }, unset: [] })
      .update({ type: 'define', definition: { name: 'a', summary: ['min'] } })
      .update({ type: 'config', set: { b: 1 } })
      .row(1)
      .finish(),
  )
  expect(updates.map(({ type }) => type)).toEqual(['config', 'summary', 'define', 'finish'])
})

it('passes over an update that is nested too deeply to be looked at, and goes on', () => {
  let deep: WireValue = 1
  for (let depth = 0; depth < 3000; depth++) deep = { a: deep }
  const { updates, lastSeq } = assembled(
    new LogFile(directory)
      .update({ type: 'config', set: { deep } })
      .update({ type: 'config', set: { a: 1 } })
      .finish(),
  )
  expect([updates.map(({ type, seq }) => `${type} ${seq}`), lastSeq]).toEqual([['config 1', 'finish 2'], 2])
})
