import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import type { Environment } from './env.ts'
import { failureLine } from './failures.ts'
import { localRuns, stateOf } from './local-runs.ts'
import { dataDirectory, shownPath } from './paths.ts'
import { chosenUrl, knownKey } from './server-access.ts'
import { ServerClient } from './server-client.ts'
import type { Terminal } from './terminal.ts'
import { findWebDirectory } from './up.ts'
import { workspaceOf } from './workspace.ts'

export type DoctorOptions = { data?: string | undefined; port: number; url?: string | undefined }

type Finding = { state: 'ok' | 'warn' | 'fail'; name: string; text: string }

const wantedFreeBytes = 1024 ** 3
const neededFreeBytes = 256 * 1024 ** 2

/** Checks everything that a server on this machine and its clients need, a line each. Answers whether nothing failed. */
export async function doctor(terminal: Terminal, environment: Environment, options: DoctorOptions): Promise<boolean> {
  const dataDir = dataDirectory(options.data, environment)
  const checks = [
    () => checkNode(),
    () => checkEngines(dataDir),
    () => checkSpace(dataDir),
    () => checkPort(options.port),
    () => checkDashboard(),
    () => checkServer(environment, options.url),
    () => checkLocalRuns(environment),
  ]
  let isWell = true
  for (const check of checks) {
    for (const { state, name, text } of await check()) {
      terminal.print(`${state.padEnd(4)}  ${name.padEnd(14)}  ${text}`)
      isWell &&= state !== 'fail'
    }
  }
  return isWell
}

async function checkNode(): Promise<Finding[]> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isOld = major < 20 || (major === 20 && minor < 19)
  const text = `${process.versions.node} on ${process.platform} ${process.arch}`
  return [{ state: isOld ? 'fail' : 'ok', name: 'node', text: isOld ? `${text}: install 20.19 or later` : text }]
}

async function checkEngines(dataDir: string): Promise<Finding[]> {
  const { examineClickhouse, examineDataDirectory, examinePostgres } = await import('@kiroku/server/examination')
  return [
    { name: 'postgresql', ...(await examinePostgres()) },
    { name: 'clickhouse', ...(await examineClickhouse()) },
    { name: 'data directory', ...(await examineDataDirectory(dataDir)) },
  ]
}

async function checkSpace(dataDir: string): Promise<Finding[]> {
  const { bavail, bsize } = await statfsAbove(dataDir)
  const free = bavail * bsize
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free for ${shownPath(dataDir)}`
  if (free < neededFreeBytes) return [{ state: 'fail', name: 'disk', text: `${text}: free some, or use --data` }]
  const isLow = free < wantedFreeBytes
  return [{ state: isLow ? 'warn' : 'ok', name: 'disk', text: isLow ? `${text}: that fills up soon` : text }]
}

/** The file system that a path is on, or will be. */
async function statfsAbove(path: string): Promise<{ bavail: number; bsize: number }> {
  try {
    return await statfs(path)
  } catch (error) {
    if (dirname(path) === path) throw error
    return statfsAbove(dirname(path))
  }
}

async function checkPort(port: number): Promise<Finding[]> {
  const server = createServer()
  const code = await new Promise<string | undefined>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen(port, '127.0.0.1', () => resolve(undefined))
  })
  if (code === undefined) {
    await new Promise((resolve) => server.close(resolve))
    return [{ state: 'ok', name: 'port', text: `${port} is free` }]
  }
  const why = code === 'EADDRINUSE' ? 'is taken (by a running Kiroku, perhaps)' : `cannot be used (${code})`
  return [{ state: 'warn', name: 'port', text: `${port} ${why}: \`kiroku up --port 0\` takes a free one` }]
}

async function checkDashboard(): Promise<Finding[]> {
  const isBuilt = findWebDirectory() !== undefined
  const text = isBuilt ? 'built' : 'not built: run `npx pnpm@12 build` in the repository'
  return [{ state: isBuilt ? 'ok' : 'warn', name: 'dashboard', text }]
}

async function checkServer(environment: Environment, asked: string | undefined): Promise<Finding[]> {
  const name = 'server'
  try {
    const url = chosenUrl(asked, environment)
    const key = knownKey(url, environment)
    if (key === undefined)
      return [{ state: 'warn', name, text: `no API key for ${url} is known: run \`kiroku login\`` }]
    const viewer = await new ServerClient(url, key).viewer()
    return [{ state: 'ok', name, text: `${url} answers, and its key is ${viewer.name}'s` }]
  } catch (error) {
    return [{ state: 'warn', name, text: failureLine(error) }]
  }
}

async function checkLocalRuns(environment: Environment): Promise<Finding[]> {
  const name = 'local runs'
  const root = workspaceOf(environment)
  const { total, unsynced } = stateOf(localRuns([root]))
  const text = `${total} in ${shownPath(root)}`
  if (unsynced.length === 0) return [{ state: 'ok', name, text: total === 0 ? `none in ${shownPath(root)}` : text }]
  return [{ state: 'warn', name, text: `${text}, ${unsynced.length} not synced: \`kiroku sync\` sends them` }]
}
