import { init } from '@kiroku/sdk'

// Everything that a database, a JSON parser or an object could choke on.
const run = init({
  project: 'demo',
  id: 'hostile',
  name: 'nul \u0000 and half \ud800',
  tags: ['a,b', '"\'\\', '日本語'],
  config: {
    ['\u0000key']: 'nul \u0000',
    half: '\ud83d',
    $n: 'NaN',
    $: { $n: 1 },
    big: 2n ** 70n,
    deep: { a: [{ b: -0 }] },
  },
})
run.log(JSON.parse('{"__proto__": 1, "constructor": 2, "toString": "text", "$n": 3}'))
run.log({
  'quote\'"`\\': 1,
  'new\nline': 2,
  '日本語/😀': 3,
  ' ': 4,
  _step: 5,
  'x\u0000y': 6,
  text: 'nul \u0000 half \ud800',
})
run.log({ max: Number.MAX_VALUE, min: Number.MIN_VALUE, nan: Number.NaN, list: [Number.NaN, { $n: 'NaN' }] })
run.log({ a: 1 }, { step: Number.MAX_SAFE_INTEGER })
run.summary.update({ ['s\u0000']: 'half \udc00', $n: Number.NaN, nothing: null })
await run.finish()
