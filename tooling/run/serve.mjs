import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { ensureBuilt, ensureInstalled, say } from './prepare.mjs'
import { isEnding, leave, root, start, stopOnSignals } from './processes.mjs'

/**
 * `npm start`: installs and builds what is missing, serves `./kiroku-data`, runs the example training into it and goes on
 * serving until Ctrl-C. `--no-example` leaves the training out; all other flags go to `kiroku up`.
 */
export async function serve(flags) {
  stopOnSignals()
  await ensureInstalled()
  await ensureBuilt()
  const server = startServer(flags.filter((flag) => flag !== '--no-example'))
  const ready = await Promise.race([server.ready, server.ended.then(() => undefined)])
  if (isEnding()) return
  if (ready === undefined) return leave(await server.ended)
  announce(ready)
  if (!flags.includes('--no-example')) void train(ready)
  const status = await server.ended
  if (isEnding()) return
  console.error('The server ended by itself; its last words are above.')
  await leave(status || 1)
}

function startServer(flags) {
  say('Starting the server ...')
  const data = flags.some((flag) => flag === '--data' || flag.startsWith('--data='))
    ? []
    : ['--data', join(root, 'kiroku-data')]
  const args = [join(root, 'packages', 'cli', 'bin', 'kiroku.mjs'), 'up', '--json', ...data, ...flags]
  const task = start(process.execPath, args, {
    // Where the command was typed, so that a relative --data means what it says.
    cwd: resolve(process.env.INIT_CWD ?? root),
    env: { KIROKU_LOG_LEVEL: process.env.KIROKU_LOG_LEVEL ?? 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ready = new Promise((settle) => {
    createInterface({ input: task.child.stdout }).on('line', (line) => {
      const answer = parseReady(line)
      if (answer === undefined) console.log(line)
      else settle(answer)
    })
  })
  return { ready, ended: task.ended }
}

function parseReady(line) {
  try {
    const answer = JSON.parse(line)
    return typeof answer.url === 'string' && typeof answer.dataDir === 'string' ? answer : undefined
  } catch {
    return undefined
  }
}

function announce({ url, dataDir }) {
  console.log(`
  Kiroku is up. Open the dashboard:

      ${url}

  Data is kept in ${dataDir}. Ctrl-C stops everything.
`)
}

async function train({ url, apiKey }) {
  say('Training a small network on MNIST digits, for about half a minute: its charts move while it runs ...')
  const env = {
    KIROKU_URL: url,
    KIROKU_DIR: process.env.KIROKU_DIR ?? join(root, '.kiroku'),
    ...(apiKey ? { KIROKU_API_KEY: apiKey } : {}),
  }
  const task = start(process.execPath, [join(root, 'examples', 'mnist', 'dist', 'train.js')], {
    env,
    // Through pipes: they close when the sidecar, which outlives the script, has delivered everything and is gone too.
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  task.child.stdout.pipe(process.stdout)
  task.child.stderr.pipe(process.stderr)
  const status = await task.ended
  if (isEnding()) return
  say(status === 0 ? 'The training is done.' : `The training ended with status ${status}.`)
  say(`Still serving at ${url} until Ctrl-C.`)
}
