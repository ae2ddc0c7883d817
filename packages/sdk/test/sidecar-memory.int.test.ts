import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { client, readPoints, spawnServer } from '@kiroku/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LogFile } from './log-file.ts'

const rows = 50_000
const lines = 200_000
const files = 200

let root: string
let sidecar: ChildProcess | undefined
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kiroku-memory-'))
})
afterEach(() => {
  sidecar?.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

/** A sidecar with one run to bring to a server, and no script but this test. */
function startSidecar(directory: string, place: { url: string; apiKey: string }): ChildProcess {
  const orders = JSON.stringify([{ id: 0, directory, ...place }])
  const program = fileURLToPath(new URL('../dist/sidecar.cjs', import.meta.url))
  const words = ['--max-old-space-size=256', '--max-semi-space-size=2', program, String(process.pid)]
  return spawn(process.execPath, words, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, KIROKU_SIDECAR_ORDERS: orders, KIROKU_CONFIG_DIR: root },
  })
}

/** Resolves once the sidecar has reported this. */
async function reported(child: ChildProcess, type: string): Promise<void> {
  let output = ''
  while (!output.includes(`{"type":"${type}"`)) {
    const [piece] = await once(child.stdout ?? child, 'data')
    output += piece
  }
}

describe('7.1 memory of the sidecar', () => {
  it('is bounded with rows, printed lines, progress bars and files while the server is away', async () => {
    await using server = await spawnServer()
    const log = new LogFile(root, { create: { project: 'demo', run: 'much' } })
    for (let row = 0; row < rows; row++) {
      log.row(row)
      for (let line = 0; line < lines / rows; line++) log.print(`\r${row}% ${'#'.repeat(row % 90)}`)
      if (row % 5 === 0) log.print(`\nrow ${row} was logged ${'.'.repeat(200)}\n`, { isError: row % 2 === 0 })
      if (row % (rows / files) === 0) log.file(`media/${row}.txt`, String(row).repeat(40_000))
      if (row % 1000 === 0) log.flush()
    }
    log.finish().close()
    await server.stop()
    sidecar = startSidecar(root, server)
    await reported(sidecar, 'waiting')
    await server.restart()
    await reported(sidecar, 'done')
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${sidecar.pid}/status`, 'utf8'))?.[1]
    expect(Number(kilobytes) / 1000).toBeLessThan(150)
    const address = { organization: server.organization, project: 'demo', run: 'much' }
    expect((await readPoints(server, { ...address, metric: 'a' })).steps).toHaveLength(rows)
    expect(await client(server).files.list.query(address)).toHaveLength(files)
    const { total } = await client(server).console.byRun.query({ ...address, search: 'was logged' })
    expect(total).toBe(rows / 5)
  })
})
