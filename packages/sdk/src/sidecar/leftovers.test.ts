import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LogFile } from '../../test/log-file.ts'
import { logFileName } from '../log/format.ts'
import { markProcess } from '../log/process-mark.ts'
import type { ProcessMark } from '../log/schemas.ts'
import { claimRun, findLeftovers } from './leftovers.ts'
import { markRefused, markSynced } from './marks.ts'

let runs: string
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'kiroku-leftovers-'))
})
afterEach(() => rmSync(runs, { recursive: true, force: true }))

const gone: ProcessMark = { ...markProcess(process.pid), start: 'before' }
const place = { url: 'http://x', project: 'p', run: 'r', path: '/p', rows: 1 }

/** A run's directory; its script is gone unless told. */
function leave(
  name: string,
  { url = 'http://x', mark = gone }: { url?: string | null; mark?: ProcessMark } = {},
): string {
  const directory = join(runs, name)
  mkdirSync(directory)
  new LogFile(directory, { url, process: mark }).rows(1).close()
  return directory
}

it('takes up what was begun for a server by a script that is gone, and nobody brings there', () => {
  leave('1-left')
  leave('2-offline', { url: null })
  leave('3-running', { mark: markProcess(process.pid) })
  markSynced(leave('4-synced'), place)
  markRefused(leave('5-refused'), 'no')
  claimRun(leave('6-claimed'))
  writeFileSync(join(leave('7-left-by-its-sender-too'), 'sender'), JSON.stringify(gone))
  mkdirSync(join(runs, '8-empty'))
  // Of a container with this one's host name nobody can tell whether a process of it lives.
  const elsewhere = { ...gone, space: 'pid:[1]' }
  leave('9-of-another-container', { mark: elsewhere })
  writeFileSync(join(leave('10-sent-from-there'), 'sender'), JSON.stringify(elsewhere))
  const silent = leave('5-silent-of-another-container', { mark: elsewhere })
  writeFileSync(join(silent, 'sender'), JSON.stringify(elsewhere))
  const longAgo = new Date(Date.now() - 301_000)
  for (const name of [logFileName, 'sender']) utimesSync(join(silent, name), longAgo, longAgo)
  const found = findLeftovers(join(runs, 'any'), 10)
  expect(found.map(({ directory, url }) => [basename(directory), url])).toEqual([
    ['7-left-by-its-sender-too', 'http://x'],
    ['5-silent-of-another-container', 'http://x'],
    ['1-left', 'http://x'],
  ])
})

it('takes up a few, the newest first', () => {
  for (const name of ['1', '2', '3']) leave(name)
  expect(findLeftovers(join(runs, 'any'), 2).map(({ directory }) => basename(directory))).toEqual(['3', '2'])
})
