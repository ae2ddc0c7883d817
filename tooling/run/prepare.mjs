import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './processes.mjs'

const pnpm = 'pnpm@12.21.0'
const workspaces = ['apps', 'packages', 'tooling', 'examples']
const stampDirectory = join(root, 'node_modules', '.kiroku')
const notSources = new Set([
  'node_modules',
  'dist',
  '.next',
  '.turbo',
  'generated',
  '.kiroku',
  'test-results',
  'next-env.d.ts',
])
/** What a finished build has left: where one is missing, stamps say nothing. */
const products = ['packages/cli/dist/main.js', 'apps/server/dist/index.js', 'apps/web/.next/BUILD_ID']

/** Installs when there is nothing installed or the lock file or a package.json changed since. Ends the process when it fails. */
export async function ensureInstalled() {
  const stamp = installStamp()
  if (readStamp('install') === stamp) return say('Packages are installed.')
  say('Installing packages with pnpm: about a minute the first time ...')
  forgetStamp('build')
  const flags = ['--frozen-lockfile', '--reporter=append-only', '--loglevel=warn']
  await must(
    'npx',
    ['-y', pnpm, 'install', ...flags],
    'Installing failed: see above; the npm registry must be reachable',
  )
  writeStamp('install', stamp)
}

/** Builds when a source changed since the last build; turbo rebuilds only what changed. Ends the process when it fails. */
export async function ensureBuilt() {
  const stamp = sourceStamp()
  if (readStamp('build') === stamp && products.every((product) => existsSync(join(root, product))))
    return say('Everything is built.')
  say('Building all packages: half a minute the first time ...')
  await must(...turbo('build'), 'Building failed: see above')
  writeStamp('build', stamp)
}

/** The program and arguments that run a task in every package. turbo looks for pnpm on the path, where npx puts it. */
export function turbo(task) {
  const flags = ['--output-logs=errors-only', '--log-order=grouped', '--no-update-notifier']
  return ['npx', ['-y', pnpm, 'exec', 'turbo', 'run', task, ...flags]]
}

/** A line of progress. */
export function say(text) {
  console.log(`\u203a ${text}`)
}

async function must(program, args, complaint) {
  const status = await run(program, args)
  if (status === 0) return
  console.error(`${complaint} (exit status ${status}).`)
  process.exit(1)
}

function readStamp(name) {
  const path = join(stampDirectory, name)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function writeStamp(name, stamp) {
  mkdirSync(stampDirectory, { recursive: true })
  writeFileSync(join(stampDirectory, name), stamp)
}

function forgetStamp(name) {
  rmSync(join(stampDirectory, name), { force: true })
}

function installStamp() {
  const hash = createHash('sha256')
  const manifests = workspaces.flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name, 'package.json')),
  )
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests.sort()]) {
    const path = join(root, file)
    if (existsSync(path)) hash.update(file).update(readFileSync(path))
  }
  return hash.digest('hex')
}

function sourceStamp() {
  const hash = createHash('sha256').update(installStamp())
  const visit = (folder) => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (notSources.has(entry.name)) continue
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile()) {
        const { size, mtimeMs } = statSync(join(root, path))
        hash.update(`${path} ${size} ${mtimeMs}\n`)
      }
    }
  }
  for (const folder of workspaces) visit(folder)
  const { size, mtimeMs } = statSync(join(root, 'turbo.json'))
  return hash.update(`turbo.json ${size} ${mtimeMs}`).digest('hex')
}
