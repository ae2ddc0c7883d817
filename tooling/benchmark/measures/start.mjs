import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { inTemporaryDirectory } from '../processes.mjs'
import { median } from '../statistics.mjs'

export const ids = ['start.cold']

const repeats = 3
const command = join(import.meta.dirname, '..', '..', '..', 'packages', 'cli', 'bin', 'kiroku.mjs')

/** From the start of `kiroku up` on an empty data directory to the last byte of the first page; then once more on it. */
export async function measure() {
  const cold = []
  const later = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    await inTemporaryDirectory(async (directory) => {
      cold.push(await startUp(join(directory, 'data')))
      later.push(await startUp(join(directory, 'data')))
    })
  }
  return [
    {
      id: 'start.cold',
      samples: cold,
      unit: 's',
      target: '<= 3',
      yardstick: { name: 'a later start on the same data', value: median(later) },
    },
  ]
}

async function startUp(dataDir) {
  const from = performance.now()
  const child = spawn(process.execPath, [command, 'up', '--port', '0', '--data', dataDir, '--json'], {
    env: { ...process.env, KIROKU_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  try {
    const line = await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve)
      exit.then(([code]) => reject(new Error(`kiroku up ended with ${code}`)))
    })
    const { url } = JSON.parse(line)
    const page = await fetch(url)
    const html = await page.text()
    if (!page.ok || !html.includes('</html>')) throw new Error(`the first page answers ${page.status}`)
    return (performance.now() - from) / 1000
  } finally {
    child.kill('SIGTERM')
    await exit
  }
}
