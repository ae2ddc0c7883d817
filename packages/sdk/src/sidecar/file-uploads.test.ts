import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { factsOf, LogFile } from '../../test/log-file.ts'
import { until } from '../../test/script.ts'
import { ScriptedServer } from '../../test/scripted-server.ts'
import { uploaderOf } from '../../test/upload.ts'

let directory: string
let server: ScriptedServer
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-files-'))
  server = new ScriptedServer()
  await server.listen()
})
afterEach(() => {
  server.close()
  rmSync(directory, { recursive: true, force: true })
})
const place = (): { directory: string; url: string } => ({ directory, url: server.url })
const contents = (): string[] => [...server.blobs.values()].map(String).sort()

describe('files of a run', () => {
  it('are uploaded before the batch that names them', async () => {
    new LogFile(directory).row(0).file('media/a.txt', 'a').file('empty.txt', '').row(1).finish().close()
    let blobsAtBatch = -1
    server.refuse = () => {
      blobsAtBatch = server.blobs.size
      return undefined
    }
    await uploaderOf(place()).uploader.run()
    expect(blobsAtBatch).toBe(2)
    expect(server.files).toEqual(['media/a.txt', 'empty.txt'])
    expect(contents()).toEqual(['', 'a'])
    expect(server.ackSeq).toBe(5)
  })

  it('are not sent when the server has their content', async () => {
    server.blobs.set(factsOf('a.txt', 'a').sha256, Buffer.from('a'))
    server.refuseBlob = () => ({ status: 500, body: {} })
    new LogFile(directory).file('a.txt', 'a').finish().close()
    await uploaderOf(place()).uploader.run()
    expect(server.files).toEqual(['a.txt'])
  })

  it('that are gone or changed are left out and told, each once; the rest goes on', async () => {
    const log = new LogFile(directory)
      .file('gone.txt', 'x')
      .file('changed.txt', 'y')
      .file('longer.txt', 'z')
      .file('a.txt', 'a')
    log.row(0).finish().close()
    rmSync(join(directory, 'files', 'gone.txt'))
    writeFileSync(join(directory, 'files', 'changed.txt'), 'Y')
    writeFileSync(join(directory, 'files', 'longer.txt'), 'zz')
    const { uploader, reports } = uploaderOf(place())
    await uploader.run()
    expect([server.files, server.steps, server.ackSeq]).toEqual([['a.txt'], [0], 6])
    const told = reports.flatMap((report) => (report.type === 'rejected' ? [`${report.metric}: ${report.reason}`] : []))
    expect(told.sort()).toEqual([
      'the file changed.txt: the file was changed after it was logged',
      'the file gone.txt: the file is gone',
      'the file longer.txt: the file was changed after it was logged',
    ])
  })

  it('that are replaced are told of as they are', async () => {
    new LogFile(directory).file('a.txt', 'old').file('a.txt', 'new').finish().close()
    const { uploader, reports } = uploaderOf(place())
    await uploader.run()
    expect([server.files, contents()]).toEqual([['a.txt'], ['new']])
    expect(reports.filter(({ type }) => type === 'rejected')).toEqual([])
  })

  it.each([400, 413, 422])('that the server does not take (%i) are left out', async (status) => {
    server.refuseBlob = () => ({ status, body: { message: 'too much' } })
    new LogFile(directory).file('a.txt', 'a').row(0).finish().close()
    const { uploader, reports } = uploaderOf(place())
    await uploader.run()
    expect([server.files, server.steps]).toEqual([[], [0]])
    expect(reports).toContainEqual({ type: 'rejected', id: 7, metric: 'the file a.txt', reason: `${status}: too much` })
  })

  it('that take long do not hold the rows back, and are there before the run ends', async () => {
    let letGo = (): void => {}
    const held = new Promise<undefined>((resolve) => {
      letGo = () => resolve(undefined)
    })
    server.refuseBlob = () => held
    const log = new LogFile(directory).row(0).file('big.txt', 'big').row(1).flush()
    const done = uploaderOf(place()).uploader.run()
    await until(() => (server.steps.length === 2 ? true : undefined), 'the rows')
    expect([server.files, existsSync(join(directory, 'late-files.json'))]).toEqual([[], true])
    log.row(2).finish().close()
    letGo()
    await done
    expect([server.files, server.steps, server.ackSeq]).toEqual([['big.txt'], [0, 1, 2], 5])
    expect(server.updates.at(-1)).toBe('file')
    expect(existsSync(join(directory, 'late-files.json'))).toBe(false)
  })

  it('that were late when their sender died are sent by the next', async () => {
    const log = new LogFile(directory).row(0).file('big.txt', 'big').row(1)
    log.finish().close()
    writeFileSync(join(directory, 'late-files.json'), JSON.stringify([factsOf('big.txt', 'big')]))
    server.ackSeq = 3
    await uploaderOf(place()).uploader.run()
    expect([server.files, contents()]).toEqual([['big.txt'], ['big']])
    expect(existsSync(join(directory, 'late-files.json'))).toBe(false)
  })

  it('that are replaced while they are late stay as they are now, also for the next sender', async () => {
    let letGo = (): void => {}
    const held = new Promise<undefined>((resolve) => {
      letGo = () => resolve(undefined)
    })
    server.refuseBlob = () => held
    const log = new LogFile(directory).file('a.txt', 'old').row(0).flush()
    const done = uploaderOf(place()).uploader.run()
    const isListed = (): boolean => existsSync(join(directory, 'late-files.json'))
    await until(() => (isListed() ? true : undefined), 'the list of late files')
    server.blobs.set(factsOf('a.txt', 'new').sha256, Buffer.from('new'))
    log.file('a.txt', 'new').row(1).flush()
    await until(() => (server.steps.includes(1) ? true : undefined), 'the new file')
    expect(isListed()).toBe(false)
    letGo()
    log.finish().close()
    await done
    expect(server.taken.flatMap(({ updates }) => updates.flatMap((u) => ('sha256' in u ? [u.sha256] : [])))).toEqual([
      factsOf('a.txt', 'new').sha256,
    ])
  })

  it('that another sender had the server acknowledge without are told by the one that ends the run', async () => {
    const log = new LogFile(directory).row(0).flush()
    const done = uploaderOf(place()).uploader.run()
    await until(() => (server.ackSeq === 1 ? true : undefined), 'the first row')
    // Another sender brought everything up to the second row, and gave up while the file was on its way.
    writeFileSync(join(directory, 'late-files.json'), JSON.stringify([factsOf('big.txt', 'big')]))
    server.passOverTo = 3
    log.file('big.txt', 'big').row(1).flush()
    await until(() => (server.ackSeq === 3 ? true : undefined), 'the second row')
    log.finish().close()
    await done
    expect([server.files, contents()]).toEqual([['big.txt'], ['big']])
  })

  it('that were late, and replaced meanwhile, do not come back', async () => {
    server.blobs.set(factsOf('a.txt', 'old').sha256, Buffer.from('old'))
    new LogFile(directory).file('a.txt', 'old').file('a.txt', 'new').row(0).finish().close()
    writeFileSync(join(directory, 'late-files.json'), JSON.stringify([factsOf('a.txt', 'old')]))
    server.ackSeq = 2
    await uploaderOf(place()).uploader.run()
    expect([server.files, server.steps]).toEqual([[], [0]])
    expect(existsSync(join(directory, 'late-files.json'))).toBe(false)
  })
})
