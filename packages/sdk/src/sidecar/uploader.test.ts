import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeHistoryBatch } from '@kiroku/core/history'
import { newWriterId } from '@kiroku/core/ids'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { assembleLog } from '../../test/recorded-run.ts'
import {
  framedBytes,
  frameHeaderBytes,
  logFileName,
  recordKinds,
  rowFlags,
  rowHeaderBytes,
  updateFlags,
} from '../log/format.ts'
import { LogWriter } from '../log/log-writer.ts'
import { RecordEncoder } from '../log/record-encoder.ts'
import type { Report } from './protocol.ts'
import { Turns } from './turns.ts'
import { Uploader } from './uploader.ts'
import { Wakeable } from './wakeable.ts'

type Answer = { status: number; body: object }

/** A server of one run that keeps what it acknowledged, and answers as `refuse` says instead where that says anything. */
class ScriptedServer {
  readonly batches: { firstSeq: number; lastSeq: number }[] = []
  readonly updates: string[] = []
  creations = 0
  ackSeq = 0
  nextBatchMs = 0
  refuse: (firstSeq: number) => Answer | undefined = () => undefined
  readonly #http: HttpServer

  constructor() {
    this.#http = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { status, body } = request.url?.includes('runs.create')
          ? this.#create()
          : this.#take(Buffer.concat(chunks))
        response.writeHead(status).end(JSON.stringify(body))
      })
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve))
    const address = this.#http.address()
    return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : ''
  }

  close(): void {
    this.#http.closeAllConnections()
    this.#http.close()
  }

  #create(): Answer {
    this.creations++
    const { ackSeq } = this
    const data = { organization: 'o', project: 'p', run: 'r', displayName: 'n', path: '/o/p/runs/r', ackSeq }
    return { status: 200, body: { result: { data } } }
  }

  #take(bytes: Buffer): Answer {
    const { firstSeq, lastSeq, updates } = decodeHistoryBatch(new Uint8Array(bytes))
    const refusal = this.refuse(firstSeq)
    if (refusal !== undefined) return refusal
    if (firstSeq > this.ackSeq + 1) return { status: 409, body: { details: { ackSeq: this.ackSeq } } }
    this.batches.push({ firstSeq, lastSeq })
    this.updates.push(...updates.map(({ type }) => type))
    this.ackSeq = lastSeq
    return { status: 200, body: { ackSeq: lastSeq, nextBatchMs: this.nextBatchMs } }
  }
}

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
  const log = new LogWriter(join(directory, logFileName))
  const encoder = new RecordEncoder()
  const put = (payload: Uint8Array | undefined): void => {
    if (payload !== undefined) log.append(payload)
  }
  const create = { project: 'p', run: 'r', writer: newWriterId(), startedAt: 0, config: {}, definitions: [] }
  put(encoder.json(recordKinds.header, { v: 1, url, create }))
  put(encoder.key(0, 0, 'a'))
  for (let step = 0; step < rows; step++) {
    const [values, keys] = [Float64Array.of(step), Uint32Array.of(0)]
    put(encoder.row({ flags: rowFlags.commits, step, time: step, count: 1, values, keys, texts: [] }))
  }
  const finish = { type: 'finish', state: 'finished', exitCode: 0, time: 9 }
  if (isEnded) put(encoder.json(recordKinds.update, finish, updateFlags.finishes))
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
