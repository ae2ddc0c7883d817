import { writeSync } from 'node:fs'
import { init } from '@kiroku/sdk'

// Begins a run as the first word says (`options`), tells all that it knows of itself, does `steps` in order and ends.
const { options = {}, steps = [], end = 'finish' } = JSON.parse(process.argv[2])
const say = (message) => writeSync(1, `${JSON.stringify({ at: Date.now(), ...message })}\n`)
const facts = (run) => ({
  isResumed: run.isResumed,
  step: options.shared ? null : run.step,
  name: run.name,
  tags: run.tags,
  notes: run.notes,
  group: run.group,
  config: { ...run.config },
  summary: { ...run.summary },
})
const startedAt = performance.now()
let run
try {
  run = init({ project: 'demo', ...options })
} catch (error) {
  say({ thrown: { code: error.code, message: error.message } })
}
if (run) {
  say({ begun: [run.id], tookMs: performance.now() - startedAt, ...facts(run) })
  for (const { log, define, config, summary, unset, put, preempting, isKnown, pause } of steps) {
    if (log) run.log(...log)
    if (define) run.defineMetric(...define)
    if (config) run.config.update(config)
    if (summary) run.summary.update(summary)
    if (unset) delete run.summary[unset]
    if (put) put.path.slice(0, -1).reduce((at, name) => at[name], run.config)[put.path.at(-1)] = put.value
    if (preempting) run.markPreempting()
    while (isKnown && run.url === undefined) await new Promise((resolve) => setTimeout(resolve, 10))
    if (pause) await new Promise((resolve) => setTimeout(resolve, pause))
  }
  if (end === 'finish') await run.finish()
  if (end === 'exit') process.exit(3)
  if (end === 'hang') setInterval(() => {}, 1000)
  say({ done: true, ...facts(run) })
}
