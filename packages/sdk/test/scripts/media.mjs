import { readFileSync } from 'node:fs'
import { Histogram, Image, init, Table } from '@kiroku/sdk'

// Logs every kind of media: `picture` is a PNG.
const [picture] = process.argv.slice(2)
const run = init({ project: 'demo', id: 'media' })
for (let step = 0; step < 3; step++) {
  run.log({
    loss: 1 / (step + 1),
    'val/sample': new Image(picture, { caption: `step ${step}` }),
    several: [new Image(readFileSync(picture)), new Image(readFileSync(picture), { caption: 'two' })],
    weights: { layer: Float32Array.from({ length: 1000 }, (_, index) => Math.sin(index + step)) },
    spread: new Histogram([1, 2, Number.NaN, 4], { bins: 3 }),
    predictions: new Table([
      { text: `row of ${step}`, score: Number.NaN },
      { text: 'another', image: new Image(picture) },
    ]),
    scalar: Float64Array.of(step),
  })
}
await run.finish()
