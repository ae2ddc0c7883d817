import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LogFile } from '../../test/log-file.ts'
import { assembleLog } from '../../test/recorded-run.ts'
import { ScriptedServer } from '../../test/scripted-server.ts'
import { framedBytes, frameHeaderBytes, logFileName, recordKinds, rowHeaderBytes, updateFlags } from '../log/format.ts'
import { LogWriter } from '../log/log-writer.ts'
import { RecordEncoder } from '../log/record-encoder.ts'
import type { Report } from './protocol.ts'
import { Turns } from './turns.ts'
import { Uploader } from './uploader.ts'
import { Wakeable } from './wakeable.ts'

let directory: string
let server: ScriptedServer
let url: string
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-uploader-'))
  server = new ScriptedServer()
  url = await server.listen()
})
afterEach(() => {
  server.close()
  rmSync(directory, { recursive: true, force: true })
})

/** A log of `rows` rows, ended if asked. */
function writeLog(rows: number, { isEnded }: { isEnded: boolean }): void {
  const log = new LogFile(directory, { url }).rows(rows)
  if (isEnded) log.finish()
  log.close()
}

async function upload({ isOrphan }: { isOrphan: boolean }): Promise<Report[]> {
  const reports: Report[] = []
  const uploader = new Uploader({
    order: { id: 7, directory, url, apiKey: 'key' },
    report: (report) => reports.push(report),
    turns: new Turns(1),
    wakeable: new Wakeable(),
    isOrphan: () => isOrphan,
    refusedWait: null,
  })
  await uploader.run()
  return reports
}

describe('Uploader', () => {
  it('goes on from where the server stands', async () => {
    writeLog(10, { isEnded: true })
    server.ackSeq = 4
    const reports = await upload({ isOrphan: false })
    expect(server.batches).toEqual([{ firstSeq: 5, lastSeq: 11 }])
    expect(reports.map(({ type }) => type)).toEqual(['created', 'acknowledged', 'done'])
    expect(existsSync(join(directory, 'synced'))).toBe(true)
  })

  it('goes back when the server has less than it acknowledged', async () => {
    writeLog(10, { isEnded: true })
    server.ackSeq = 6
    server.refuse = (firstSeq) => {
      if (firstSeq !== 7) return undefined
      server.ackSeq = 2
      return { status: 409, body: { details: { ackSeq: 2 } } }
    }
    await upload({ isOrphan: false })
    expect(server.batches).toEqual([{ firstSeq: 3, lastSeq: 11 }])
  })

  it('begins anew on a server that knows it no more', async () => {
    writeLog(10, { isEnded: true })
    server.ackSeq = 6
    server.refuse = (firstSeq) => {
      if (firstSeq === 1) return undefined
      server.ackSeq = 0
      return { status: 404, body: { message: 'no such writer' } }
    }
    await upload({ isOrphan: false })
    expect(server.creations).toBe(2)
    expect(server.batches).toEqual([{ firstSeq: 1, lastSeq: 11 }])
  })

  it('ends the log of a script that is gone, once', async () => {
    writeLog(3, { isEnded: false })
    await upload({ isOrphan: true })
    expect([server.ackSeq, server.updates]).toEqual([4, ['finish']])
    const finish = [{ type: 'finish', seq: 4, state: 'crashed', exitCode: null }]
    expect(assembleLog(join(directory, logFileName)).updates).toMatchObject(finish)
    await upload({ isOrphan: true })
    expect([server.ackSeq, server.updates]).toEqual([4, ['finish']])
  })

  it('loses one record of a log that was damaged in the middle, and keeps what comes after', async () => {
    writeLog(20, { isEnded: false })
    const path = join(directory, logFileName)
    const before = readFileSync(path)
    // The rows are the last frames, all of one length; this is in the values of the fifth from the end.
    const damaged = before.length - 5 * framedBytes(rowHeaderBytes + 16) + frameHeaderBytes + rowHeaderBytes
    writeFileSync(
      path,
      before.map((byte, at) => (at === damaged ? byte ^ 0xff : byte)),
    )
    await upload({ isOrphan: true })
    expect([server.ackSeq, server.updates]).toEqual([20, ['finish']])
    expect([...assembleLog(path).history.steps]).toEqual([...Array(15).keys(), 16, 17, 18, 19])
  })

  it('goes on at its pace when the clock is set back', async () => {
    writeLog(3, { isEnded: false })
    const clock = vi.spyOn(Date, 'now')
    try {
      const earlier = Date.now() - 3_600_000
      server.nextBatchMs = 20
      server.refuse = (firstSeq) => {
        if (firstSeq > 1) return undefined
        clock.mockReturnValue(earlier)
        const path = join(directory, logFileName)
        const log = new LogWriter(path, statSync(path).size)
        const finish = { type: 'finish', state: 'finished', exitCode: 0, time: 9 }
        log.append(new RecordEncoder().json(recordKinds.update, finish, updateFlags.finishes) ?? new Uint8Array())
        log.close()
        return undefined
      }
      await upload({ isOrphan: false })
      expect([server.ackSeq, server.updates]).toEqual([4, ['finish']])
    } finally {
      clock.mockRestore()
    }
  })

  it('says once that it waits, and that it need not any more', async () => {
    writeLog(3, { isEnded: true })
    let tries = 0
    server.refuse = () => (++tries < 3 ? { status: 503, body: { message: 'busy' } } : undefined)
    const reports = await upload({ isOrphan: false })
    expect(reports.map(({ type }) => type)).toEqual(['created', 'waiting', 'connected', 'acknowledged', 'done'])
  })

  it('gives up a run that the server refuses', async () => {
    writeLog(3, { isEnded: true })
    server.refuse = () => ({ status: 400, body: { message: 'what is this' } })
    await expect(upload({ isOrphan: false })).rejects.toThrow('400: what is this')
    expect(existsSync(join(directory, 'synced'))).toBe(false)
  })
})
