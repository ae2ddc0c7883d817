import * as z from 'zod'
import { init, metric, type Run } from './index.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <Truth extends true>(_truth?: Truth): void => {}

// Untyped: anything goes, as short as elsewhere.
const open = init({ project: 'demo', config: { learningRate: 0.1 } })
open.log({ loss: 0.1, note: 'anything', nested: { deep: 1 } })
open.log({ loss: 0.1 }, { step: 5, commit: false })
interface Losses {
  train: number
}
const losses: Losses = { train: 1 }
open.log(losses)
open.config['another'] = 1
same<Equal<typeof open.config.learningRate, number>>()
init().log({ a: 1 })
// @ts-expect-error a row is a record
open.log('loss')
// @ts-expect-error a step is a number
open.log({ loss: 1 }, { step: '5' })
// @ts-expect-error there is no such option
init({ projet: 'demo' })

// Typed metrics.
const run = init({
  project: 'demo',
  metrics: {
    batch: metric(),
    epoch: metric(),
    'train/loss': metric({ step: 'batch', goal: 'minimize', unit: 'nats', summary: ['min'] }),
    'train/accuracy': metric({ step: 'batch', goal: 'maximize' }),
    'val/accuracy': metric({ step: 'epoch', stepSync: false }),
    'test/accuracy': metric(),
    sample: metric(z.string(), { hidden: true }),
  },
})
run.log({ 'train/loss': 0.1, batch: 1 })
run.log({ 'train/loss': 0.1, 'train/accuracy': 0.5, batch: 1 }, { commit: false })
run.log({ 'train/loss': 0.1 })
run.log({ 'val/accuracy': 0.9, epoch: 1 })
run.log({ 'train/loss': 0.1, batch: 1, 'val/accuracy': 0.9, epoch: 1 })
run.log({ 'test/accuracy': Number.NaN })
run.log({ 'test/accuracy': 0.9, batch: 3 })
run.log({ sample: 'a sentence', 'train/loss': undefined })
run.log({})
// @ts-expect-error a metric that was not declared
run.log({ 'train/los': 0.1, batch: 1 })
// @ts-expect-error a text is no number
run.log({ 'train/loss': '0.1', batch: 1 })
// @ts-expect-error a number is no text
run.log({ sample: 1 })
// @ts-expect-error the wrong step metric: train/loss goes by batch
run.log({ 'train/loss': 0.1, epoch: 1 })
// @ts-expect-error val/accuracy is not synced, so its epoch must be in the row
run.log({ 'val/accuracy': 0.9 })
// @ts-expect-error the epoch is missing beside the batch
run.log({ 'train/loss': 0.1, batch: 1, 'val/accuracy': 0.9 })
const anything: Record<string, number> = { 'train/loss': 1 }
// @ts-expect-error nobody knows what is in it
run.log(anything)

// @ts-expect-error a step that is not declared
init({ metrics: { loss: metric({ step: 'bacth' }), batch: metric() } })
// @ts-expect-error a step metric holds numbers
init({ metrics: { loss: metric({ step: 'phase' }), phase: metric(z.string()) } })
// @ts-expect-error a goal is minimize or maximize
metric({ goal: 'smallest' })
// @ts-expect-error there is no such summary operation
metric({ summary: ['median'] })

// Typed config.
const defaults = z.object({ learningRate: z.number().default(0.001), depth: z.number().int().default(3) })
const configured = init({ config: defaults })
same<Equal<typeof configured.config.learningRate, number>>()
configured.config.update({ depth: 4 }, { allowValChange: true })
same<Equal<ReturnType<typeof configured.config.get<'depth'>>, number>>()
// @ts-expect-error a text is no number
configured.config.depth = 'deep'
// @ts-expect-error there is no such key
configured.config.dept
// @ts-expect-error there is no such key to set
configured.config.update({ dept: 4 })

const required = z.object({ epochs: z.number(), optimizer: z.enum(['sgd', 'adam']).default('adam') })
const given = init({ config: { schema: required, values: { epochs: 3 } }, metrics: { loss: metric() } })
same<Equal<typeof given.config.optimizer, 'sgd' | 'adam'>>()
given.log({ loss: 1 })
// @ts-expect-error a metric that was not declared, beside a typed config
given.log({ los: 1 })
// @ts-expect-error epochs has no default
init({ config: required })
// @ts-expect-error epochs is a number
init({ config: { schema: required, values: { epochs: '3' } } })
// @ts-expect-error epochs is missing
init({ config: { schema: required, values: {} } })

// A config from a file, or changed by its own types.
init({ config: 'config.json' }).config['lr'] = 1
open.config.setDefaults({ learningRate: 1 })
// @ts-expect-error the learning rate is a number
open.config.setDefaults({ learningRate: 'one' })
given.config.set('epochs', 4, { allowValChange: true })
init({ resume: 'must', id: 'a' })
init({ resume: true, shared: true, label: 'rank 0', console: false, allowValChange: true })
init({ forkFrom: 'a?_step=3' })
init({ resumeFrom: { run: 'a', step: 3 } })
// @ts-expect-error there is no such way to resume
init({ resume: 'perhaps' })

// A function that takes any run takes each; one that takes a certain run names it by its type.
const trains = (_run: Run): void => {}
trains(open)
trains(init())
trains(configured)
const takesTyped = (_run: typeof run): void => {}
takesTyped(run)
trains(run)

// The machine is about to be taken away.
same<Equal<ReturnType<typeof run.markPreempting>, void>>()
// @ts-expect-error it takes nothing
run.markPreempting(true)
