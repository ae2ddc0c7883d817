import { writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { init } from '@kiroku/sdk'

// A training loop as a test needs it: `rows` rows of three metrics, row i at step i, telling each row on stdout.
const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '100' },
    pause: { type: 'string', default: '0' },
    ids: { type: 'string', default: '' },
    end: { type: 'string', default: 'finish' },
    busy: { type: 'boolean', default: false },
  },
})
const ids = flags.ids === '' ? [undefined] : flags.ids.split(',')
const runs = ids.map((id) =>
  init({ project: 'demo', ...(id !== undefined && { id }), config: { rows: Number(flags.rows) } }),
)
const pauseMs = Number(flags.pause)
const say = (message) => writeSync(1, `${JSON.stringify({ at: Date.now(), ...message })}\n`)
say({ begun: runs.map(({ id }) => id) })

for (let row = 0; row < Number(flags.rows); row++) {
  for (const run of runs) run.log({ row, wave: Math.sin(row), half: row / 2 })
  say({ logged: row })
  if (pauseMs === 0) continue
  if (flags.busy) for (const until = Date.now() + pauseMs; Date.now() < until; );
  else await new Promise((resolve) => setTimeout(resolve, pauseMs))
}
say({ ended: true })

switch (flags.end) {
  case 'finish':
    await Promise.all(runs.map((run) => run.finish()))
    say({ finished: true })
    break
  case 'seven':
    await Promise.all(runs.map((run) => run.finish({ exitCode: 7 })))
    break
  case 'caught':
    try {
      throw new Error('the training went wrong')
    } catch {
      await Promise.all(runs.map((run) => run.finish()))
    }
    break
  case 'twice':
    await Promise.all([...runs, ...runs].map((run) => run.finish()))
    for (const run of runs) await run.finish({ exitCode: 5 })
    break
  case 'exit':
    process.exit(3)
    break
  case 'throw':
    throw new Error('the training went wrong')
  case 'reject':
    await Promise.reject(new Error('the training went wrong'))
    break
  case 'hang':
    setInterval(() => {}, 1000)
    break
  case 'code':
    process.exitCode = 4
    break
}
