import { init } from '@kiroku/sdk'

// A value of each kind, an option of each wrong kind, and what the run says of its step.
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number
const run = init({ project: 'demo', id: 'values' })
const steps = []
const row = { x: 1, nested: { a: 1, b: { c: 2 } }, 'nested.d': 3, empty: {} }
run.log(row)
if (JSON.stringify(row) !== '{"x":1,"nested":{"a":1,"b":{"c":2}},"nested.d":3,"empty":{}}')
  throw new Error('it changed')
run.log({ nan, infinity, minus: -infinity, zero: -0, tiny: Number.MIN_VALUE })
run.log({
  yes: true,
  no: false,
  nothing: null,
  text: 'a text',
  list: [1, [nan]],
  date: new Date(0),
  floats: new Float32Array([1, 2]),
})
run.log({ x: { y: 2 } })
run.log({ x: 3 })
run.log({})
run.log({ _step: 77, _timestamp: 5, x: 4 })
steps.push(run.step)
run.log({ x: 5 }, { step: 20 })
steps.push(run.step)
run.log({ x: 6 }, { step: 3 })
run.log({ x: 7 }, { step: -1 })
run.log({ x: 8 }, { step: 25, commit: true })
steps.push(run.step)
const mistakes = [null, undefined, 'text', [1], 3, new Map()].map((bad) => [bad])
for (const step of [1.5, '1', true, nan, infinity]) mistakes.push([{ x: 1 }, { step }])
const thrown = mistakes.map((words) => {
  try {
    run.log(...words)
    return null
  } catch (error) {
    return error.code
  }
})
run.log({ open: 1 }, { step: 30 })
await run.finish()
let late = null
try {
  run.log({ x: 9 })
} catch (error) {
  late = error.message
}
process.stdout.write(`${JSON.stringify({ at: Date.now(), steps, thrown, late })}\n`)
