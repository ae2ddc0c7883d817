import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** The environment of everything that is started: this Node first, nothing phones home. */
export const environment = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
  NEXT_TELEMETRY_DISABLED: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
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

/** Starts a program and waits for its end; answers its exit status. */
export async function run(program, args, options) {
  return start(program, args, options).ended
}

function signalGroup(task, signal) {
  try {
    process.kill(-task.child.pid, signal)
  } catch {
    // The group is gone already.
  }
}

/** Asks one program to end and waits until it and its group did; insists when it takes too long. */
export async function stop(task) {
  task.child.kill('SIGTERM')
  const insist = setTimeout(() => signalGroup(task, 'SIGKILL'), patienceMs)
  await task.ended
  clearTimeout(insist)
  signalGroup(task, 'SIGKILL')
}

/** Ends everything, the latest first. */
export async function stopAll() {
  isStopping = true
  for (const task of [...running].reverse()) await stop(task)
}

/** On the first Ctrl-C (or SIGTERM, SIGHUP) everything is ended in order; on the second at once. */
export function stopOnSignals() {
  let count = 0
  const onSignal = async (signal) => {
    count++
    if (count > 1) {
      for (const task of running) signalGroup(task, 'SIGKILL')
      process.exit(130)
    }
    if (signal === 'SIGINT') console.error('\nStopping everything. Ctrl-C again does not wait.')
    await stopAll()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal)
}
