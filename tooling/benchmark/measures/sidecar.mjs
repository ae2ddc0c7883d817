import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { inTemporaryDirectory, megabytesOf, startScript, withServer } from '../processes.mjs'
import { median } from '../statistics.mjs'

export const ids = ['sidecar.cpu', 'log.outage.p99', 'sidecar.memory']

const calm = { rate: 100, seconds: 20 }
const outage = { rate: 1000, secondsBefore: 15, secondsWithout: 30, secondsAfter: 5 }
/** A tick of the kernel's process times. */
const tickMs = 10

/** What the sidecar costs while a script logs at an ordinary rate, and what `log()` costs while the server is away. */
export async function measure({ ids: wanted }) {
  const results = []
  if (wanted.includes('sidecar.cpu')) results.push(await withServer(measureCpu))
  if (wanted.some((id) => id !== 'sidecar.cpu')) results.push(...(await withServer(measureOutage)))
  return results
}

function measureCpu(server) {
  return inTemporaryDirectory(async (directory) => {
    const script = await start(directory, server, calm)
    await script.second(5)
    const sidecar = sidecarOf(directory)
    const before = { sidecar: cpuMs(sidecar), script: script.cpuMs(), at: performance.now() }
    await script.second(calm.seconds - 1)
    const elapsed = performance.now() - before.at
    const share = (100 * (cpuMs(sidecar) - before.sidecar)) / elapsed
    const own = (100 * (script.cpuMs() - before.script)) / elapsed
    await script.end()
    return {
      id: 'sidecar.cpu',
      value: share,
      unit: '% of a core',
      target: '<= 5',
      yardstick: { name: 'the script, which logs 100 rows a second and its thread', value: own },
    }
  })
}

function measureOutage(server) {
  return inTemporaryDirectory(async (directory) => {
    const { rate, secondsBefore, secondsWithout, secondsAfter } = outage
    const seconds = secondsBefore + secondsWithout + secondsAfter
    const script = await start(directory, server, { rate, seconds })
    await script.second(secondsBefore)
    const sidecar = sidecarOf(directory)
    await server.stop()
    await script.second(secondsBefore + secondsWithout)
    const memory = megabytesOf(sidecar, 'VmHWM')
    await server.restart()
    await script.end()
    const p99 = (from, to) =>
      median(script.lines.filter(({ second }) => second > from && second <= to).map(({ p99: taken }) => taken))
    return [
      {
        id: 'log.outage.p99',
        value: p99(secondsBefore + 1, secondsBefore + secondsWithout),
        unit: 'us',
        target: '<= 50',
        yardstick: { name: 'the same script while the server takes its rows', value: p99(3, secondsBefore) },
      },
      {
        id: 'sidecar.memory',
        value: memory,
        unit: 'MB at most',
        target: '<= 150',
        yardstick: { name: 'a bare Node process', value: await bareMegabytes() },
      },
    ]
  })
}

async function start(directory, server, pace) {
  const child = startScript(
    'paced-script.mjs',
    { directory, ...pace },
    { KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey, KIROKU_DIR: directory },
  )
  const exit = once(child, 'exit')
  const lines = []
  const waiting = new Set()
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line))
    for (const check of waiting) check()
  })
  const until = (isThere) =>
    new Promise((resolve, reject) => {
      const check = () => {
        if (!lines.some(isThere)) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      exit.then(() => reject(new Error('the script ended before its time')))
      check()
    })
  return {
    lines,
    second: (wanted) => until(({ second }) => second >= wanted),
    cpuMs: () => cpuMs(child.pid),
    async end() {
      const [code] = await exit
      if (code !== 0) throw new Error(`the script ended with ${code}`)
    },
  }
}

/** The sidecar has its script's environment, which names the directory. */
function sidecarOf(directory) {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const isSidecar = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sidecar')
      if (isSidecar && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(directory)) return Number(pid)
    } catch {
      // It ended, or is another user's.
    }
  }
  throw new Error('there is no sidecar')
}

/** The processor time that a process has had, in milliseconds. */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}

async function bareMegabytes() {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setTimeout(() => {}, 10_000)'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  const megabytes = megabytesOf(child.pid, 'VmHWM')
  child.kill()
  return megabytes
}
