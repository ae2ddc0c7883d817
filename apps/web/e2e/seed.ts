import { batchOf, type Caller, postBatch, type TestRow, type TestRun, testRun } from '@kiroku/testkit'

/** The steps of the long run. */
export const longSteps = 12_000
/** Where the long run's loss has its one low and its one high spike, and what they are. */
export const spikes = { low: { step: 4321, value: -7.5 }, high: { step: 8765, value: 42.25 } } as const
/** The steps at which the odd run's loss is not finite. */
export const odd = { nan: [10, 11], positive: [20], negative: [30] } as const

const start = 1_700_000_000_000

/** The long run's loss at a step. */
export function longLoss(step: number): number {
  if (step === spikes.low.step) return spikes.low.value
  if (step === spikes.high.step) return spikes.high.value
  return 2 * Math.exp(-step / 3000) + 0.1 * Math.sin(step / 7)
}

function oddLoss(step: number): number {
  if (odd.nan.some((one) => one === step)) return Number.NaN
  if (odd.positive.some((one) => one === step)) return Number.POSITIVE_INFINITY
  if (odd.negative.some((one) => one === step)) return Number.NEGATIVE_INFINITY
  return 1 + step / 100
}

const definitions = [
  { name: 'train/*', stepMetric: 'batch' },
  { name: 'val/accuracy', stepMetric: 'epoch', goal: 'maximize' as const },
]

async function sendAll(caller: Caller, run: TestRun, rows: readonly TestRow[]): Promise<void> {
  const finish = { type: 'finish', state: 'finished', exitCode: 0, time: start + longSteps * 100 } as const
  await postBatch(caller, batchOf(run, { rows, updates: [finish] }))
}

/** Three finished runs: `long` with 12 000 steps, `short` with 100, and `odd` with values that are not finite. */
export async function seedRuns(caller: Caller, project: string): Promise<void> {
  const long = await testRun(caller, {
    project,
    run: 'long',
    displayName: 'long run',
    startedAt: start,
    tags: ['baseline'],
    config: { lr: 0.1, model: { depth: 3 } },
    definitions,
  })
  const longRows = Array.from({ length: longSteps }, (_, step): TestRow => {
    const values = { batch: step, 'train/loss': longLoss(step), lr: 1 / (1 + step) }
    const epoch = step / 1000
    const isEpoch = Number.isInteger(epoch)
    return {
      step,
      time: start + step * 100,
      values: isEpoch ? { ...values, epoch, 'val/accuracy': epoch / 20 } : values,
    }
  })
  await sendAll(caller, long, longRows)
  const short = await testRun(caller, {
    project,
    run: 'short',
    displayName: 'short run',
    startedAt: start,
    tags: ['sweep'],
    config: { lr: 0.01 },
    definitions,
  })
  await sendAll(
    caller,
    short,
    Array.from({ length: 100 }, (_, step) => ({
      step,
      time: start + step * 100,
      values: { batch: step, 'train/loss': 5, lr: 0.5 },
    })),
  )
  const strange = await testRun(caller, {
    project,
    run: 'odd',
    displayName: 'odd run',
    startedAt: start,
    tags: ['sweep'],
    config: { lr: 0.05 },
    definitions,
  })
  await sendAll(
    caller,
    strange,
    Array.from({ length: 50 }, (_, step) => ({
      step,
      time: start + step * 100,
      values: { batch: step, 'train/loss': oddLoss(step) },
    })),
  )
}
