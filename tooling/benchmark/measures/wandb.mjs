import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { client, readPoints } from '@kiroku/testkit'
import { inTemporaryDirectory, withServer } from '../processes.mjs'
import { environmentOf, versions } from '../python.mjs'
import { quantile } from '../statistics.mjs'

export const ids = []
export const onRequest = [
  'wandb.lost',
  'wandb.log.p50',
  'wandb.log.p99',
  'wandb.log.longest',
  'wandb.loop',
  'wandb.finish',
]

const clients = 10
const rowsPerSecond = 100
const rows = 60 * rowsPerSecond
const metrics = 10
const project = 'bench'
/** What these first calls take is not counted: the interpreter and the processes warm up. */
const warmShare = 0.1
const patienceMs = 5 * 60_000

/** Real clients of wandb that log for a minute beside each other, first to their disks alone and then to a server. */
export async function measure() {
  const python = await environmentOf('wandb')
  const offline = await logAtOnce(python, { WANDB_MODE: 'offline' })
  const { online, lost } = await withServer(async (server) => {
    const logged = await logAtOnce(python, { WANDB_BASE_URL: server.url, WANDB_API_KEY: server.apiKey })
    return { online: logged, lost: await readBack(server) }
  })
  const name = `wandb ${versions.wandb} offline, as many at once`
  const compared = (id, unit, of) => ({
    id,
    value: of(online),
    unit,
    target: null,
    yardstick: { name, value: of(offline) },
  })
  const callsOf = (all) => all.flatMap(({ taken }) => taken.slice(rows * warmShare))
  return [
    {
      id: 'wandb.lost',
      value: lost,
      unit: 'points',
      target: '<= 0',
      yardstick: { name: `points of ${clients} clients`, value: clients * rows * metrics },
    },
    compared('wandb.log.p50', 'us', (all) => quantile(callsOf(all), 0.5)),
    compared('wandb.log.p99', 'us', (all) => quantile(callsOf(all), 0.99)),
    compared('wandb.log.longest', 'ms', (all) => Math.max(...callsOf(all)) / 1000),
    compared('wandb.loop', `s for ${rows / rowsPerSecond} s of rows, the slowest`, (all) =>
      Math.max(...all.map(({ loop }) => loop)),
    ),
    compared('wandb.finish', 's, the slowest', (all) => Math.max(...all.map(({ finish }) => finish))),
  ]
}

/** What all clients say at their ends. They begin to log together, when the run of the last one has begun. */
function logAtOnce(python, environment) {
  return inTemporaryDirectory(async (directory) => {
    const scripts = []
    try {
      for (let number = 0; number < clients; number++)
        scripts.push(startClient(python, number, join(directory, String(number)), environment))
      await Promise.all(scripts.map(({ ready }) => ready))
      for (const { child } of scripts) child.stdin.end('go\n')
      return await Promise.all(scripts.map(({ said }) => said))
    } finally {
      for (const { child } of scripts) child.kill('SIGKILL')
    }
  })
}

function startClient(python, number, directory, environment) {
  mkdirSync(directory)
  const script = join(import.meta.dirname, '..', 'wandb', 'paced.py')
  const child = spawn(python, [script, number, rows, rowsPerSecond].map(String), {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      PYTHONDONTWRITEBYTECODE: '1',
      WANDB_ERROR_REPORTING: 'false',
      WANDB_SILENT: 'true',
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: patienceMs,
  })
  // A client that ended before it was told to log says so by its status.
  child.stdin.on('error', () => {})
  const lines = []
  const ended = once(child, 'close').then(([code, signal]) => {
    if (code !== 0) throw new Error(`client ${number} ended with ${code ?? signal}`)
  })
  const ready = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      if (line === 'ready') resolve()
    })
  })
  const said = ended.then(() => JSON.parse(lines.at(-1)))
  // Whoever waits until it is ready hears of a failure there.
  said.catch(() => {})
  return { child, ready: Promise.race([ready, ended]), said }
}

/** How many of the points that the clients logged are not stored, or are stored otherwise. */
async function readBack(server) {
  const address = { organization: server.organization, project }
  let lost = 0
  for (let number = 0; number < clients; number++) {
    const run = `paced-${number}`
    const { state } = await client(server).runs.byId.query({ ...address, run })
    if (state !== 'finished') throw new Error(`${run} is ${state}`)
    for (let metric = 0; metric < metrics; metric++) {
      const { steps, values } = await readPoints(server, { ...address, run, metric: `m${metric}` })
      const stored = new Map([...steps].map((step, index) => [step, values[index]]))
      // As `value_at` of the script has it.
      for (let step = 0; step < rows; step++) if (stored.get(step) !== number * 1e6 + step + metric / 16) lost++
      lost += Math.max(0, steps.length - rows)
    }
  }
  return lost
}
