import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const cache = fileURLToPath(new URL('../node_modules/.cache/python', import.meta.url))

/**
 * A Python that has these packages of PyPI, in an environment of its own that later tests find again; null, after saying why,
 * where there is no Python or PyPI does not answer.
 */
export function pythonWith(...packages: readonly string[]): string | null {
  const name = createHash('sha256').update(packages.join()).digest('hex').slice(0, 12)
  const directory = join(cache, name)
  const python = join(directory, 'bin', 'python')
  if (existsSync(python)) return python
  const draft = `${directory}.${process.pid}`
  try {
    mkdirSync(cache, { recursive: true })
    execFileSync('python3', ['-m', 'venv', draft], { stdio: 'pipe' })
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]
    execFileSync(join(draft, 'bin', 'python'), pip, { stdio: 'pipe', timeout: 240_000 })
    // Its programs would name the draft; only its Python is used, which finds its packages beside it.
    renameSync(draft, directory)
    return python
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true })
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    console.warn(`LEFT OUT, because Python with ${packages.join(' and ')} is not at hand: ${why}`)
    return null
  }
}

/** What a script of `test/python` prints. */
export function runPython(python: string, script: string, args: readonly string[]): string {
  const path = fileURLToPath(new URL(`python/${script}`, import.meta.url))
  return execFileSync(python, [path, ...args], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: 'pipe' })
}
