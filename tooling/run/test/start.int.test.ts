import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'

const program = fileURLToPath(new URL('../start.mjs', import.meta.url))

type Started = { child: ChildProcess; base: string; said(): string }

/** `npm start` over a directory of its own, in a process group of its own as a terminal gives it one. */
function startEverything(flags: readonly string[]): Started {
  const base = mkdtempSync(join(tmpdir(), 'kiroku-start-'))
  const child = spawn(process.execPath, [program, '--port', '0', '--data', join(base, 'data'), ...flags], {
    env: { ...process.env, HOME: base, KIROKU_CONFIG_DIR: join(base, 'config'), KIROKU_DIR: join(base, 'local') },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
  }
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await rm(base, { recursive: true, force: true, maxRetries: 3 })
  })
  return { child, base, said: () => text }
}

const sees = ({ said, child }: Started, pattern: RegExp): Promise<unknown> =>
  vi.waitUntil(
    () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${said()}`)
      return pattern.test(said())
    },
    { timeout: 170_000, interval: 50 },
  )

/** Live processes that were given this directory, by their environment or by standing in it. */
function processesOf(base: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      if (/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return false
      return (
        readlinkSync(`/proc/${pid}/cwd`).startsWith(base) || readFileSync(`/proc/${pid}/environ`, 'utf8').includes(base)
      )
    } catch {
      return false
    }
  })
}

/** Presses Ctrl-C as a terminal does, for the whole group, and answers the exit status. */
async function pressCtrlC({ child }: Started): Promise<unknown> {
  const ended = once(child, 'exit')
  process.kill(-(child.pid ?? 0), 'SIGINT')
  const [status] = await ended
  return status
}

describe.runIf(process.platform === 'linux')('npm start', () => {
  it('serves until Ctrl-C, which leaves no process behind', async () => {
    const started = startEverything(['--no-example'])
    await sees(started, /http:\/\/127\.0\.0\.1:\d+/)
    const url = started.said().match(/http:\/\/127\.0\.0\.1:\d+/)?.[0] ?? ''
    expect((await fetch(`${url}/api/ready`)).status).toBe(200)
    expect(processesOf(started.base).length).toBeGreaterThan(2)
    expect(await pressCtrlC(started)).toBe(130)
    expect(processesOf(started.base)).toEqual([])
  }, 200_000)

  it('stops a training in its middle, and what it had is on the server', async () => {
    const started = startEverything([])
    await sees(started, /epoch 1\/8/)
    expect(await pressCtrlC(started)).toBe(130)
    expect(processesOf(started.base)).toEqual([])
    // The SDK marks a local log that the server has acknowledged to its end.
    const runs = join(started.base, 'local', 'runs')
    expect(readdirSync(runs).map((run) => readdirSync(join(runs, run)).includes('synced'))).toEqual([true])
  }, 200_000)
})
