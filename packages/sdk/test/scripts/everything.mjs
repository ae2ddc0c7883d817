import * as kiroku from '@kiroku/sdk'
import * as z from 'zod'

const { defineMetric, finish, init, log, metric, summary } = kiroku
const run = init({
  project: 'demo',
  id: 'everything',
  name: 'all of it',
  group: 'g',
  jobType: 'train',
  notes: 'some notes',
  tags: 'just one',
  config: { schema: z.object({ lr: z.number().default(0.5), seed: z.number() }), values: { seed: 7 } },
  metrics: {
    batch: metric(),
    loss: metric({ step: 'batch', goal: 'minimize', unit: 'nats', summary: ['min', 'last'] }),
    odd: metric(),
    sample: metric(z.string()),
  },
})
run.log({ loss: 3, batch: 10, odd: Number.NaN })
run.log({ loss: 1, odd: Number.POSITIVE_INFINITY })
run.log({ loss: 2, batch: 30, odd: Number.NEGATIVE_INFINITY, sample: 'a sentence' })
run.log({ odd: -0 })
defineMetric('later', { stepMetric: 'batch' })
log({ later: 1, nested: { deep: true } }, { step: 9 })
run.config.update({ lr: Number.POSITIVE_INFINITY }, { allowValChange: true })
summary.best = 7
run.tags = ['two', 'tags']
if (kiroku.run?.id !== run.id) throw new Error('the current run is another one')
await finish()
process.stdout.write(`${JSON.stringify({ at: Date.now(), name: run.name, url: run.url, step: run.step })}\n`)
