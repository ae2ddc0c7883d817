import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WriterChannel } from './channel.ts'
import { recordKinds } from './log/format.ts'
import { fileKind } from './writer/protocol.ts'

const piece = 64 * 1024
const megabyte = 1024 * 1024

/** Bytes of records of a kind that are taken, up to 64 MiB, when nobody empties the ring. */
function taken(channel: WriterChannel, kind: number): number {
  const record = new Uint8Array(piece).fill(kind, 0, 1)
  let bytes = 0
  while (bytes < 64 * megabyte && channel.send(0, record)) bytes += piece
  return bytes
}

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-channel-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** A channel whose thread takes nothing, so that nothing leaves it. */
function stuckChannel(): WriterChannel {
  const program = join(directory, 'stuck.cjs')
  writeFileSync(program, 'setInterval(() => {}, 1000)')
  return new WriterChannel(() => {}, program)
}

describe('7.1 what waits for the writer thread', () => {
  it('is bounded for what is printed, then for files and rows, and has room for everything else', () => {
    const channel = stuckChannel()
    const ring = 4 * megabyte
    const printed = taken(channel, recordKinds.console)
    expect(printed).toBeGreaterThan(ring)
    expect(printed).toBeLessThanOrEqual(ring + 4 * megabyte)
    const files = taken(channel, fileKind)
    expect(files).toBeGreaterThan(0)
    expect(printed + files).toBeLessThanOrEqual(ring + 32 * megabyte)
    for (const kind of [recordKinds.row, recordKinds.console, fileKind]) expect(taken(channel, kind)).toBe(0)
    expect(taken(channel, recordKinds.update)).toBe(64 * megabyte)
  })

  it('has room for rows when printed text has none', () => {
    const channel = stuckChannel()
    taken(channel, recordKinds.console)
    expect(taken(channel, recordKinds.row)).toBeGreaterThan(20 * megabyte)
  })

  it('is tried again by one timer, however many records wait', () => {
    const timers = vi.spyOn(globalThis, 'setTimeout')
    taken(stuckChannel(), recordKinds.row)
    expect(timers).toHaveBeenCalledTimes(1)
    timers.mockRestore()
  })

  it('is nothing once the thread is dead', async () => {
    const deaths = new EventTarget()
    const channel = new WriterChannel(() => deaths.dispatchEvent(new Event('death')), '/no/such/writer.cjs')
    await once(deaths, 'death')
    expect(channel.isDead).toBe(true)
    for (const kind of [recordKinds.row, recordKinds.update]) expect(taken(channel, kind)).toBe(0)
  })
})
