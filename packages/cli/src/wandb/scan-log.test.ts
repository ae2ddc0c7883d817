import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { encode, LogScript, logOf } from '../../test/wandb-log.ts'
import { findLogs } from './find-logs.ts'
import { readLogRecord } from './log-record.ts'
import { readRecordLog } from './record-log.ts'
import { peekRun, scanLog } from './scan-log.ts'
import { summaryByHand } from './summary-by-hand.ts'

const base = mkdtempSync(join(tmpdir(), 'kiroku-wandb-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))

let count = 0
function fileOf(bytes: Uint8Array): { path: string; directory: string; name: string } {
  const path = join(base, `run-${count++}.wandb`)
  writeFileSync(path, bytes)
  return { path, directory: base, name: 'run' }
}
const scan = (bytes: Uint8Array) => scanLog(fileOf(bytes), () => {})

describe('a file of several pieces', () => {
  it('is read as it was written, records over the ends of pieces too', async () => {
    const written = Array.from({ length: 900 }, (_, index) => Buffer.alloc(5000, index % 251))
    const bytes = logOf(written)
    expect(bytes.length).toBeGreaterThan(4 * 1024 * 1024)
    const { path } = fileOf(bytes)
    let count = 0
    for await (const record of readRecordLog(path, { size: bytes.length }))
      expect(written[count++]?.equals(record)).toBe(true)
    expect(count).toBe(900)
  })

  it('is read up to a size, as a file that grows has it', async () => {
    const bytes = logOf([Buffer.alloc(10, 1), Buffer.alloc(10, 2)])
    const records = readRecordLog(fileOf(bytes).path, { size: bytes.length - 3 })
    expect((await records.next()).value).toEqual(Buffer.alloc(10, 1))
    expect(await records.next()).toEqual({ done: true, value: { cutBytes: 14, damage: null } })
  })
})

describe('a scan', () => {
  it('finds what a run is and became', async () => {
    const log = new LogScript('abc', {
      4: {
        1: [
          { 1: 'lr', 16: '0.1' },
          { 1: '_wandb', 16: '{}' },
        ],
      },
      6: 'group',
      10: ['a', 'b'],
      13: 'vm',
      21: { 1: 'https://u:p@example.org/x', 2: 'c0ffee' },
    })
      .add({ 12: { 1: 'loss', 4: 'epoch', 6: { 1: true, 3: true }, 7: { 1: true, 2: true } } })
      .add({ 12: { 2: 'val/*', 7: { 2: true } } })
      .row(3, { loss: '0.5', 'nest>x': 'NaN', note: '"x"' })
      .row(4, { loss: '0.25', 'img>_type': '"image-file"', 'img>width': '3' })
      .add({
        5: {
          1: [
            { 2: ['deep', 'a'], 16: '1' },
            { 1: 'gone', 16: '2' },
          ],
        },
      })
      .add({ 5: { 2: [{ 1: 'gone' }] } })
      .add({ 8: {} })
      .add({ 10: {} })
      .add({ 10: {} })
      .add({ 17: { 1: 'abc', 8: 'renamed', 10: ['c'] } })
      .print('hello\n', Date.UTC(2026, 0, 2))
      .exit(7)
    const scanned = await scan(log.bytes)
    expect(scanned).toMatchObject({
      first: { id: 'abc', group: 'group', isResume: false, branchPoint: null },
      last: { displayName: 'renamed', tags: ['c'] },
      config: { lr: 0.1, deep: { a: 1 } },
      isOffline: true,
      clientVersion: '0.31.0',
      definitions: [
        { name: 'loss', stepMetric: 'epoch', stepSync: true, summary: ['min', 'max'] },
        { name: 'val/*', summary: ['max'] },
      ],
      firstStep: 3,
      lastTime: Date.UTC(2026, 0, 2),
      hasOutput: true,
      exitCode: 7,
      lastRecord: 14,
      unreadable: 0,
      damage: null,
    })
    expect(Object.keys(scanned.config)).not.toContain('gone')
    expect([...scanned.latest]).toEqual([
      ['loss', 0.25],
      ['nest.x', Number.NaN],
      ['note', 'x'],
      ['img', null],
    ])
    expect([...scanned.leftOut]).toEqual([
      ['artifacts', 1],
      ['alerts', 2],
    ])
  })

  it('knows the same file when it has grown, and another one apart', async () => {
    const log = new LogScript('abc').row(0, { a: '1' })
    const early = await scan(log.bytes)
    const late = await scan(log.row(1, { a: '2' }).exit().bytes)
    const other = await scan(new LogScript('abc', { 9: 'other' }).bytes)
    expect([early.exitCode, late.exitCode]).toEqual([null, 0])
    expect(late.identity).toBe(early.identity)
    expect(other.identity).not.toBe(early.identity)
  })

  it('passes over records that are none, and counts them', async () => {
    const log = new LogScript('abc').row(0, { a: '1' })
    log.records.push(Buffer.from([0xff, 0xff, 0xff]))
    log.row(1, { a: 'nonsense' }).row(2, { a: '3' })
    const scanned = await scan(log.bytes)
    expect([scanned.unreadable, scanned.latest.get('a'), scanned.lastRecord]).toEqual([2, 3, 6])
  })

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['a header alone', logOf([])],
    ['no run', logOf([encode({ 1: 1, 21: {} })])],
  ])('says that %s names no run', async (_what, bytes) => {
    await expect(scan(bytes)).rejects.toThrow('names no run')
    await expect(peekRun(fileOf(bytes))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('refuses a file that is no log, and a version that it does not know', async () => {
    await expect(scan(Buffer.from('hello world'))).rejects.toThrow('is no .wandb file')
    await expect(scan(Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 9, 0]))).rejects.toThrow(
      'has version 9 of the format',
    )
  })

  it('reads a run that branches off', async () => {
    const { first } = await scan(
      new LogScript('abc', { 23: { 1: 'par', 2: { double: 12 }, 3: '_step' }, 24: true }).bytes,
    )
    expect([first.branchPoint, first.isResume]).toEqual([{ run: 'par', step: 12 }, true])
  })

  it('reads every record that is cut short anywhere, or says that it is none', () => {
    const [, run = Buffer.alloc(0)] = new LogScript('abc', { 4: { 1: [{ 1: 'lr', 16: '0.1' }] }, 21: { 1: 'x' } })
      .records
    for (let length = 0; length < run.length; length++) {
      try {
        readLogRecord(run.subarray(0, length))
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }
  })
})

it('takes of a summary what does not follow from the history', async () => {
  const log = new LogScript('abc')
    .add({ 12: { 1: 'loss', 7: { 1: true } } })
    .add({ 12: { 1: 'acc', 7: { 2: true } } })
    .row(0, { loss: '1', acc: '2', same: '3', over: '4', note: '"x"', word: '"a"' })
    .summary({
      loss: '{"min":1}',
      acc: '9',
      same: '3',
      over: '5',
      best: '0.5',
      deep: '{"x":NaN}',
      note: '"x"',
      word: '"b"',
      zz: '1',
      yy: '1',
    })
    .summary({}, ['zz', 'yy', 'same'])
    .summary({ yy: '2' })
  expect(summaryByHand(await scan(log.bytes))).toEqual({
    entries: new Map<string, unknown>([
      ['acc', 9],
      ['over', 5],
      ['word', 'b'],
      ['best', 0.5],
      ['deep.x', Number.NaN],
      ['yy', 2],
    ]),
    unset: ['zz', 'same'],
  })
})

describe('findLogs', () => {
  const root = join(base, 'place')
  const folders = ['offline-run-20260102_000000-b', 'run-20260101_000000-a', 'run-20260103_000000-c']
  for (const folder of folders) {
    mkdirSync(join(root, 'wandb', folder), { recursive: true })
    writeFileSync(join(root, 'wandb', folder, `run-${folder.at(-1)}.wandb`), '')
  }
  symlinkSync(join(root, 'wandb', 'run-20260103_000000-c'), join(root, 'wandb', 'latest-run'))
  mkdirSync(join(root, 'wandb', 'run-20260104_000000-empty'))

  it('finds every run of a folder once, oldest first', async () => {
    const names = ['run-20260101_000000-a', 'offline-run-20260102_000000-b', 'run-20260103_000000-c']
    expect((await findLogs(join(root, 'wandb'))).map(({ name }) => name)).toEqual(names)
    expect((await findLogs(root)).map(({ name }) => name)).toEqual(names)
  })

  it('finds the log of a run folder, of a link to one, and a log itself', async () => {
    const folder = join(root, 'wandb', 'run-20260101_000000-a')
    expect(await findLogs(folder)).toEqual([
      { path: join(folder, 'run-a.wandb'), directory: folder, name: 'run-20260101_000000-a' },
    ])
    expect(await findLogs(join(folder, 'run-a.wandb'))).toEqual(await findLogs(folder))
    expect(await findLogs(join(root, 'wandb', 'latest-run'))).toHaveLength(1)
  })

  it('says what is missing', async () => {
    await expect(findLogs(join(base, 'nowhere'))).rejects.toThrow('is not there; name a wandb folder')
    await expect(findLogs(join(root, 'wandb', 'run-20260104_000000-empty'))).rejects.toThrow('has no .wandb file')
  })
})
