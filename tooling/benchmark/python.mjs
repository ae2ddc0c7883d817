import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The versions of Python packages that the scripts here were written and tried with. */
export const versions = { mlflow: '3.17.2', trackio: '0.43.0', aim: '3.29.1', tensorboard: '2.21.0', wandb: '0.31.0' }

/** Each package has its environment here, made once. */
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kiroku-bench')

/** Python in an environment that has this package alone, made where there is none yet. Throws with what pip said. */
export async function environmentOf(name) {
  const version = versions[name]
  const directory = join(cache, `${name}-${version}`)
  const python = join(directory, 'bin', 'python')
  if (existsSync(python)) return python
  mkdirSync(cache, { recursive: true })
  const unfinished = `${directory}.new`
  rmSync(unfinished, { recursive: true, force: true })
  await run('python3', ['-m', 'venv', unfinished])
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  await run(join(unfinished, 'bin', 'python'), [...pip, `${name}==${version}`, ...besides(name)], {
    maxBuffer: 2 ** 26,
  })
  renameSync(unfinished, directory)
  return python
}

/** TensorBoard imports `pkg_resources`, which newer setuptools lack. */
const besides = (name) => (name === 'tensorboard' ? ['setuptools<81'] : [])
