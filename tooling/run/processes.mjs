import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import timers from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

const token = randomUUID()

/** The environment of everything that is started: this Node first, nothing phones home, and a mark to know it by. */
export const environment = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
  NEXT_TELEMETRY_DISABLED: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  KIROKU_STARTED_BY: token,
}

const patienceMs = 30_000

/** What was started and has not ended; the latest last. */
const running = new Set()
let isStopping = false

/** Whether the end was asked for: what fails from then on failed because of it. */
export function isEnding() {
  return isStopping
}

/**
 * Starts a program in a process group of its own, so that a Ctrl-C reaches it only through `stopAll`, in the right order.
 * `ended` resolves with its exit status once it and all that wrote to its output are gone; a signal counts as 128.
 */
export function start(program, args, { cwd = root, env = {}, stdio = ['ignore', 'inherit', 'inherit'] } = {}) {
  const child = spawn(program, args, { cwd, env: { ...environment, ...env }, stdio, detached: true })
  const task = { child }
  running.add(task)
  task.exited = new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`Cannot run ${program}: ${error.message}`)
      resolve(127)
    })
    child.once('exit', (code) => resolve(code ?? 128))
  })
  task.ended = Promise.all([
    task.exited,
    new Promise((resolve) => child.once('close', resolve).once('error', resolve)),
  ]).then(([status]) => {
    running.delete(task)
    return status
  })
  return task
}

/** Starts a program and waits for its end; answers its exit status, and never when the end of everything was asked for. */
export async function run(program, args, options) {
  const status = isStopping ? undefined : await start(program, args, options).ended
  return isStopping ? new Promise(() => {}) : status
}

function signalGroup(task, signal) {
  try {
    return process.kill(-task.child.pid, signal)
  } catch {
    return false
  }
}

/**
 * Asks one program and its group to end and waits until they did; insists when it takes too long. What got away into a
 * session of its own (the SDK's sidecar, which brings the last rows to the server) is given time to finish as well.
 */
export async function stop(task) {
  signalGroup(task, 'SIGTERM')
  const insist = setTimeout(() => signalGroup(task, 'SIGKILL'), patienceMs)
  await task.ended
  clearTimeout(insist)
  const isThere = () => signalGroup(task, 0) || strays().length > 0
  for (let waits = 0; waits < 100 && isThere(); waits++) await timers.setTimeout(100)
  signalGroup(task, 'SIGKILL')
}

/** Live processes with our mark that are in no running task's group. Found on Linux only. */
function strays() {
  if (process.platform !== 'linux') return []
  const groups = new Set([...running].map(({ child }) => String(child.pid)))
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`KIROKU_STARTED_BY=${token}`)) return false
      // After the name in parentheses: state, parent, group.
      const [state, , group] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')
      return state !== 'Z' && !groups.has(group)
    } catch {
      // It has ended meanwhile, or is another user's.
      return false
    }
  })
}

/** Ends everything, the latest first, so that what the training still has reaches a living server. */
async function stopAll() {
  isStopping = true
  for (const task of [...running].reverse()) await stop(task)
  killStrays()
}

/** A second Ctrl-C makes the server leave at once, and PostgreSQL with it; all others are ended where they stand. */
async function stopAtOnce() {
  const gone = Promise.all([...running].map((task) => task.exited))
  for (let press = 0; press < 2; press++) {
    for (const task of running) task.child.kill('SIGINT')
    await Promise.race([gone, timers.setTimeout(oneSignalMs + 250)])
  }
  for (const task of running) signalGroup(task, 'SIGKILL')
  running.clear()
  killStrays()
}

/** Ends what is left by force: what the sidecar still has is safe in its local log. */
function killStrays() {
  for (const pid of strays()) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** npm passes on what the terminal has sent already: signals this close together are one. */
const oneSignalMs = 500

/** Ends the process with everything that it started. */
export async function leave(status) {
  await stopAll()
  process.exit(status)
}

/** On the first Ctrl-C (or SIGTERM, or a closed terminal) everything is ended in order; a second Ctrl-C does not wait. */
export function stopOnSignals() {
  let firstAt
  const onSignal = async (signal) => {
    if (firstAt === undefined) {
      firstAt = Date.now()
      if (signal === 'SIGINT') console.error('\nStopping everything. Ctrl-C again does not wait.')
      await leave(signal === 'SIGINT' ? 130 : 143)
    } else if (signal === 'SIGINT' && Date.now() - firstAt > oneSignalMs) {
      await stopAtOnce()
      process.exit(130)
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal)
  // Writing to a terminal that is gone must not keep anything from being ended.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}
