import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnServer } from '@kiroku/testkit'

/** A directory that is gone when `work` ends. */
export async function inTemporaryDirectory(work) {
  const directory = mkdtempSync(join(tmpdir(), 'kiroku-bench-'))
  try {
    return await work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Starts one of `scripts/` with an argument in JSON. Its standard output is the caller's to read. */
export function startScript(name, input, environment = {}) {
  return spawn(process.execPath, [join(import.meta.dirname, 'scripts', name), JSON.stringify(input)], {
    env: { ...process.env, KIROKU_SILENT: '1', KIROKU_DISABLE_STATS: '1', KIROKU_DISABLE_CODE: '1', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Runs one of `scripts/` to its end and answers the last line that it wrote, which is JSON. */
export async function runScript(name, input, environment) {
  const child = startScript(name, input, environment)
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
  let said = ''
  for await (const chunk of child.stdout) said += chunk
  const status = await ended
  if (status !== 0) throw new Error(`${name} ended with ${status}`)
  return JSON.parse(said.trim().split('\n').at(-1))
}

/** A server over embedded engines in a process of its own, which is gone when `work` ends. */
export async function withServer(work) {
  const server = await spawnServer()
  try {
    return await work(server)
  } finally {
    await server[Symbol.asyncDispose]()
  }
}

/** What `/proc` tells of a process's memory in megabytes: `VmRSS` now, `VmHWM` at most. */
export function megabytesOf(pid, field) {
  return (
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000
  )
}
