import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, relative } from 'node:path'
import { ensureBuilt, ensureInstalled, say, turbo } from './prepare.mjs'
import { environment, isEnding, root, run, start, stop, stopOnSignals } from './processes.mjs'

const stageTimeoutMs = 40 * 60_000
const bin = (name) => join(root, 'node_modules', '.bin', name)

/** `npm test`: every stage runs, whatever became of the one before; the last line counts tests over all of them. */
export async function testEverything() {
  stopOnSignals()
  await ensureInstalled()
  await ensureBuilt()
  await ensureBrowser()
  await ensureProxy()
  await ensurePython()
  const results = join(mkdtempSync(join(tmpdir(), 'kiroku-tests-')), 'results.json')
  const stages = [
    ['lint', () => countCommand(bin('biome'), ['check', '--error-on-warnings', '.'])],
    ['types', () => countCommand(...turbo('typecheck'))],
    ...['unit', 'integration', 'browser'].map((project) => [project, () => countTests(project, results)]),
  ]
  const counts = []
  for (const [name, stage] of stages) {
    say(`${name} ...`)
    const began = Date.now()
    const count = await stage()
    counts.push({ name, seconds: (Date.now() - began) / 1000, ...count })
  }
  rmSync(join(results, '..'), { recursive: true, force: true })
  report(counts)
}

/** What failed is told once more at the end, as a reader of a long log looks there first. */
function report(counts) {
  for (const { name, failures } of counts) {
    for (const { title, message } of failures) console.log(`\n${name} FAILED: ${title}\n${message}`)
  }
  console.log('')
  for (const { name, seconds, passed, failed } of counts) {
    console.log(
      `${name.padEnd(12)} ${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed ${seconds.toFixed(1).padStart(7)} s`,
    )
  }
  const passed = counts.reduce((sum, count) => sum + count.passed, 0)
  const failed = counts.reduce((sum, count) => sum + count.failed, 0)
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0
  console.log(`${passed} passed, ${failed} failed`)
}

/** Runs a program for at most a stage's time; answers its exit status. */
async function runBounded(program, args) {
  if (isEnding()) return new Promise(() => {})
  const task = start(program, args, { env: { FORCE_COLOR: process.stdout.isTTY ? '1' : '0' } })
  const timer = setTimeout(() => {
    console.error(`Stopped after ${stageTimeoutMs / 60_000} minutes.`)
    void stop(task)
  }, stageTimeoutMs)
  const status = await task.ended
  clearTimeout(timer)
  return isEnding() ? new Promise(() => {}) : status
}

async function countCommand(program, args) {
  const isGood = (await runBounded(program, args)) === 0
  return { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, failures: [] }
}

/** A file that could not be loaded, and a run that failed for no test's sake, count as a failed test each. */
async function countTests(project, results) {
  rmSync(results, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const status = await runBounded(bin('vitest'), ['run', '--project', project, ...reporters])
  const { passed, failures } = readResults(results)
  if (status !== 0 && failures.length === 0) {
    failures.push({ title: 'the run itself', message: `It ended with status ${status}, though no test failed.` })
  }
  return { passed, failed: failures.length, failures }
}

function readResults(path) {
  if (!existsSync(path)) return { passed: 0, failures: [{ title: 'the whole run', message: 'It left no results.' }] }
  const { numPassedTests, testResults } = JSON.parse(readFileSync(path, 'utf8'))
  return { passed: numPassedTests, failures: testResults.flatMap(failuresOf) }
}

function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(root, name)
  const failed = assertionResults.filter((test) => test.status === 'failed')
  if (status === 'failed' && failed.length === 0) return [{ title: file, message: shortened(message) }]
  return failed.map((test) => ({
    title: `${file} > ${[...test.ancestorTitles, test.title].join(' > ')}`,
    message: shortened(test.failureMessages.join('\n')),
  }))
}

const shortened = (message) => message.split('\n').slice(0, 12).join('\n')

const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

const ensureBrowser = () =>
  ensureProgram({ names: browsers, title: 'Chromium', package: 'chromium', for: 'the browser tests' })

const ensureProxy = () =>
  ensureProgram({ names: ['nginx'], title: 'nginx', package: 'nginx-light', for: 'the tests of several servers' })

const ensurePython = () =>
  ensureProgram({ names: ['python3'], title: 'Python', package: 'python3', for: 'the tests of ClickHouse servers' })

/** Installs a program that tests need, unless it is there. */
async function ensureProgram({ names, title, package: debianPackage, for: purpose }) {
  const folders = [...(environment.PATH ?? '').split(delimiter), '/usr/sbin']
  if (names.some((name) => folders.some((folder) => existsSync(join(folder, name))))) return
  if (!folders.some((folder) => existsSync(join(folder, 'apt-get')))) {
    say(`There is no ${title} and no apt-get to install it with: install ${title} for ${purpose}.`)
    return
  }
  say(`There is no ${title} for ${purpose}: installing Debian's with apt-get ...`)
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const apt = async (...args) => {
    const [program, ...rest] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args]
    return run(program, rest)
  }
  await apt('update')
  const status = await apt('install', '-y', '--no-install-recommends', debianPackage)
  if (status !== 0) say(`Installing ${title} failed: ${purpose} will say so.`)
}
