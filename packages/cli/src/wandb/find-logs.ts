import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'

/** A log, and the folder of its run, beside which `files` lies. */
export type LogFile = { path: string; directory: string; name: string }

const runFolder = /^(?:offline-)?run-/

/**
 * The logs at a path: a `.wandb` file, a run's folder, or a folder of such folders, which may itself be named `wandb` below
 * the path. By their names, which begin with the time. Throws NOT_FOUND when there is none.
 */
export async function findLogs(path: string): Promise<LogFile[]> {
  const root = resolve(path)
  const found = await stat(root).catch(() => undefined)
  if (found?.isFile()) return [logAt(root)]
  const logs = found ? await logsBelow(root) : []
  if (logs.length > 0) return logs
  const why = found ? 'has no .wandb file, nor has a run-* or offline-run-* folder in it' : 'is not there'
  throw new KirokuError({
    code: 'NOT_FOUND',
    message: `${path} ${why}; name a wandb folder, a run's folder or a .wandb file`,
  })
}

async function logsBelow(root: string): Promise<LogFile[]> {
  const logs = await logsIn(root)
  if (logs.length > 0) return logs
  for (const name of ['wandb', '.wandb']) {
    const inner = await logsIn(join(root, name))
    if (inner.length > 0) return inner
  }
  return []
}

/** Links, such as `latest-run`, are not followed: they lead to what is there under its own name. */
async function logsIn(directory: string): Promise<LogFile[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  const own = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.wandb'))
  if (own.length > 0) return own.map(({ name }) => logAt(join(directory, name)))
  const folders = entries.filter((entry) => entry.isDirectory() && runFolder.test(entry.name)).map(({ name }) => name)
  const logs: LogFile[] = []
  for (const folder of folders.sort(byTime)) {
    const names = await readdir(join(directory, folder)).catch(() => [])
    for (const name of names) if (name.endsWith('.wandb')) logs.push(logAt(join(directory, folder, name)))
  }
  return logs
}

/** `offline-run-20260101_120000-abc` and `run-20260101_120001-abc` are of one order. */
function byTime(left: string, right: string): number {
  const [a, b] = [left.replace(/^offline-/, ''), right.replace(/^offline-/, '')]
  return a < b ? -1 : a > b ? 1 : 0
}

function logAt(path: string): LogFile {
  const directory = dirname(path)
  return { path, directory, name: runFolder.test(basename(directory)) ? basename(directory) : basename(path) }
}
