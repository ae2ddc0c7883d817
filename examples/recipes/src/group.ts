import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { seededRandom } from '@kiroku/example-mnist/random'
import { init } from '@kiroku/sdk'
import { batches, loadData } from './data.ts'
import { Softmax } from './softmax.ts'

// Several processes of one experiment. Each is a run of its own in one group, which the dashboard shows together; with
// `--shared` they write to one run, and the server puts their rows in the order of their arrival.
const { values: flags } = parseArgs({
  options: {
    workers: { type: 'string', default: '3' },
    group: { type: 'string', default: `seeds-${Date.now().toString(36)}` },
    shared: { type: 'boolean', default: false },
    seed: { type: 'string' },
  },
})

if (flags.seed === undefined) await startWorkers(Number(flags.workers))
else trainOne(Number(flags.seed))

async function startWorkers(count: number): Promise<void> {
  const children = Array.from({ length: count }, (_, worker) => {
    const words = ['--seed', String(worker + 1), '--group', flags.group, ...(flags.shared ? ['--shared'] : [])]
    return fork(fileURLToPath(import.meta.url), words)
  })
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]))
  if (codes.some((code) => code !== 0)) process.exitCode = 1
}

function trainOne(seed: number): void {
  const run = init({
    project: 'recipes',
    jobType: 'train',
    config: flags.shared ? { learningRate: 0.2 } : { learningRate: 0.2, seed },
    ...(flags.shared
      ? { id: flags.group, shared: true, label: `seed-${seed}`, name: 'shared by all seeds' }
      : { group: flags.group, name: `seed ${seed}` }),
  })
  const random = seededRandom(seed)
  const { train, validation } = loadData(seed)
  const model = new Softmax()
  for (let epoch = 1; epoch <= 3; epoch++) {
    for (const indices of batches(train.count, 20, random)) model.learn(train, indices, { learningRate: 0.2 })
    const { loss, accuracy } = model.evaluate(validation)
    run.log(
      flags.shared
        ? { [`seed-${seed}/epoch`]: epoch, [`seed-${seed}/accuracy`]: accuracy }
        : { epoch, 'val/loss': loss, 'val/accuracy': accuracy },
    )
  }
}
