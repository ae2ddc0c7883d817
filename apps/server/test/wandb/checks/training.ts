import { expect } from 'vitest'
import * as z from 'zod'
import { client, fetchFile, until } from '../../../src/testing/index.ts'
import { newest } from '../releases.ts'
import { at, type Check, count, points, project, runOf, succeeded, type Tenant, textsOf } from './check.ts'

const libraries = 'training'
const numbersSchema = z.array(z.number())
const rowsSchema = z.array(numbersSchema)
const column = (rows: readonly (readonly number[])[], index: number): number[] =>
  rows.map((row) => row[index] ?? Number.NaN)

/** The last table that was logged under a key, as Kiroku shows it. */
async function tableOf(tenant: Tenant, run: string, key: string): Promise<{ columns: unknown[]; data: unknown[][] }> {
  const [, value] = (await textsOf(tenant, run, key)).at(-1) ?? []
  const { path } = z.object({ _type: z.literal('table-file'), path: z.string() }).parse(value)
  const answer = await fetchFile(tenant, { ...at(tenant, run), path })
  return z.object({ columns: z.array(z.unknown()), data: z.array(z.array(z.unknown())) }).parse(await answer.json())
}

const artifactsOf = (tenant: Tenant, run: string) => client(tenant).artifacts.byRun.query(at(tenant, run))

type Told = Record<string, unknown>
const partsSchema = z.object({
  train_sklearn: z.record(z.string(), z.unknown()),
  train_numpy: z.record(z.string(), z.unknown()),
})

/** A classifier of scikit-learn, its plots, and a job that took the model. */
async function expectClassifier(tenant: Tenant, result: Told): Promise<void> {
  const { trainer, judge } = z.object({ trainer: z.string(), judge: z.string() }).parse(result)
  const seen = rowsSchema.parse(result['seen'])
  expect(seen).toHaveLength(5)
  for (const [index, name] of ['train/accuracy', 'val/accuracy', 'val/loss'].entries()) {
    const { steps, values } = await points(tenant, trainer, name)
    expect([...steps]).toEqual(count(5))
    expect([...values]).toEqual(column(seen, index))
  }
  const accuracy = seen.at(-1)?.[1] ?? 0
  expect(accuracy).toBeGreaterThan(0.85)
  const trained = await runOf(tenant, trainer)
  expect(trained).toMatchObject({ state: 'finished', jobType: 'train', summary: { 'val/accuracy': accuracy } })
  expect((await runOf(tenant, judge)).summary).toMatchObject({ accuracy })

  const names = z.array(z.string()).parse(result['names'])
  const matrix = rowsSchema.parse(result['matrix'])
  const cells = matrix.flatMap((row, actual) => row.map((times, said) => [names[actual], names[said], times]))
  const columns = ['Actual', 'Predicted', 'nPredictions']
  expect(await tableOf(tenant, trainer, 'confusion_table')).toEqual({ columns, data: cells })
  expect(result['confusion']).toEqual([columns, cells])
  const plots = ['class_proportions', 'confusion_matrix', 'precision_recall_table', 'roc_table', 'summary_metrics']
  expect(result['tables']).toEqual([...plots, 'confusion_table'].sort())
  const tables = await Promise.all(plots.map((key) => tableOf(tenant, trainer, key)))
  for (const [index, { data }] of tables.entries()) expect(data.length, plots[index]).toBeGreaterThan(0)
  expect(tables[1]?.data).toEqual(cells)
  expect(tables[3]?.columns).toEqual(['class', 'fpr', 'tpr'])

  const { outputs } = await artifactsOf(tenant, trainer)
  const model = outputs.find(({ type }) => type === 'model')
  expect(model).toMatchObject({ name: 'digits', version: 0 })
  expect(model?.usedBy.map(({ run }) => run)).toEqual([judge])
  expect(result).toMatchObject({
    frame: { rows: seen },
    epochs: count(5),
    config: { alpha: 0.01, epochs: 5, loss: 'log_loss' },
    accuracy,
    judged: accuracy,
    best: { accuracy, classes: names },
    used_by: [judge],
  })
}

const id = 'net'
const batchesPerEpoch = 22

/** What `net` logged by batch. */
async function lossesOf(tenant: Tenant): Promise<number[][]> {
  const [batches, found] = await Promise.all(['batch', 'train/loss'].map((name) => points(tenant, id, name)))
  expect(found?.steps).toEqual(batches?.steps)
  return [...(batches?.values ?? [])].map((batch, index) => [batch, found?.values[index] ?? Number.NaN])
}

/** What the run `net` of a network has at its end; the process that told `result` began it with the epoch `first`. */
async function expectNetwork(
  tenant: Tenant,
  result: Told,
  { epochs, first }: { epochs: number; first: number },
): Promise<void> {
  const stored = await lossesOf(tenant)
  const after = rowsSchema.parse(result['losses'])
  expect(after).toHaveLength((epochs - first) * batchesPerEpoch)
  expect(stored.slice(-after.length)).toEqual(after)
  if (first === 0) expect(stored).toHaveLength(after.length)
  expect(result['read']).toEqual(stored)
  const sampled = numbersSchema.parse(result['sampled'])
  expect([sampled.length, sampled[0], sampled.at(-1)]).toEqual([10, 0, epochs * batchesPerEpoch - 1])

  const accuracies = [...(await points(tenant, id, 'val/accuracy')).values]
  expect(accuracies.slice(first)).toEqual(column(rowsSchema.parse(result['accuracies']), 1))
  expect(result['by_epoch']).toEqual(accuracies.map((accuracy, epoch) => [epoch, accuracy]))
  const best = Math.max(...accuracies)
  expect(best).toBeGreaterThan(0.85)
  expect(await runOf(tenant, id)).toMatchObject({ state: 'finished', summary: { 'val/accuracy': { max: best } } })
  const listed = await client(tenant).metrics.list.query({ ...at(tenant, id), runs: [id] })
  const axes = Object.fromEntries(listed.map(({ name, x }) => [name, x]))
  expect(axes['train/loss']).toEqual({ kind: 'metric', name: 'batch' })
  expect(axes['val/accuracy']).toEqual({ kind: 'metric', name: 'epoch' })

  const address = { organization: tenant.organization, project, name: 'digits-net' }
  const bestEpoch = accuracies.indexOf(best)
  const checkpoint = await client(tenant).artifacts.byVersion.query({ ...address, version: 'best' })
  expect(checkpoint).toMatchObject({ version: bestEpoch, metadata: { accuracy: best } })
  const latest = await client(tenant).artifacts.byVersion.query({ ...address, version: 'latest' })
  expect(latest).toMatchObject({ version: epochs - 1, metadata: { batch: epochs * batchesPerEpoch } })
  const aliases = ['best', `epoch-${bestEpoch}`, ...(bestEpoch === epochs - 1 ? ['latest'] : [])]
  expect(result).toMatchObject({ best: [best, aliases, id], best_again: best, highest: { max: best } })
  expect(result['versions']).toEqual(count(epochs).map((version) => `v${version}`))

  const spreads = await textsOf(tenant, id, 'gradients/layer0')
  expect(spreads).toHaveLength(epochs)
  for (const [, spread] of spreads) {
    const { values } = z.object({ _type: z.literal('histogram'), values: numbersSchema }).parse(spread)
    expect(values.reduce((sum, value) => sum + value)).toBe(64 * 96)
  }
  expect(result['histograms']).toEqual(count(epochs).map((epoch) => [epoch, 64 * 96, 96 * 10]))
  const wrong = await textsOf(tenant, id, 'val/wrong')
  expect(wrong).toHaveLength(epochs)
  const pictures = wrong.flatMap(
    ([, value]) =>
      z
        .object({ images: z.array(z.object({ width: z.literal(8), caption: z.string(), size: z.number() })) })
        .parse(value).images,
  )
  expect(pictures[0]?.caption).toMatch(/^\d, not \d$/)
  expect(result).toMatchObject({ pictures: pictures.length, state: 'finished' })
  expect(numbersSchema.parse(result['picture_sizes']).sort()).toEqual(pictures.map(({ size }) => size).sort())
}

/** Scripts that train a model, as people write them: what Kiroku stored of them, and what they got back. */
export const trainingChecks: readonly Check[] = [
  {
    name: 'trains with XGBoost, scikit-learn and numpy',
    proves: ['xgboost', 'sklearn', 'loop', 'array', 'plot', 'api.pandas'],
    async run(wandb, tenant) {
      const epochs = 3
      const args = ['train_sklearn', `train_numpy ${epochs} -1`]
      const {
        id: boosted,
        result,
        output,
      } = await succeeded(wandb.run('train_xgboost.py', { ...tenant, libraries, args, timeoutMs: 200_000 }))
      const parts = partsSchema.parse(result)
      await expectClassifier(tenant, parts.train_sklearn)
      await expectNetwork(tenant, parts.train_numpy, { epochs, first: 0 })
      const evals = z.record(z.string(), numbersSchema).parse(result['evals'])
      const { 'validation_1-logloss': losses = [], 'validation_1-auc': areas = [] } = evals
      expect(Object.keys(evals)).toHaveLength(4)
      for (const [name, values] of Object.entries(evals))
        expect([...(await points(tenant, boosted, name)).values], name).toEqual(values)
      const best = { best_iteration: losses.indexOf(Math.min(...losses)), best_score: Math.min(...losses) }
      expect(losses).toHaveLength(best.best_iteration + 1 + 5)
      expect(result, output).toMatchObject(best)

      const { summary, config, state } = await runOf(tenant, boosted)
      expect(state).toBe('finished')
      expect(summary).toMatchObject({
        ...best,
        'validation_1-logloss': { min: Math.min(...losses) },
        'validation_1-auc': { max: Math.max(...areas) },
      })
      expect(config).toMatchObject({ max_depth: 3, learner: { objective: { name: 'binary:logistic' } } })
      const importances = z.record(z.string(), z.number()).parse(result['importances'])
      const { columns, data } = await tableOf(tenant, boosted, 'Feature Importance_table')
      expect(columns).toEqual(['Feature', 'Importance'])
      expect(Object.fromEntries(data.map(([name, value]) => [name, value]))).toEqual(importances)
      const kept = (await artifactsOf(tenant, boosted)).outputs.find(({ type }) => type === 'model')
      expect(kept).toMatchObject({ name: `${boosted}_model.json`, version: 0 })

      expect(result).toMatchObject({
        read: evals,
        epochs: count(losses.length),
        summary: { ...best, test_accuracy: summary['test_accuracy'] },
        lowest: { min: Math.min(...losses) },
        highest: { max: Math.max(...areas) },
        objective: 'binary:logistic',
        kept: `${boosted}_model.json:v0`,
        same: true,
      })
    },
  },
  {
    name: 'trains a network, is killed, and goes on from its checkpoint',
    proves: ['loop', 'crash', 'machine', 'array'],
    releases: [newest],
    async run(wandb, tenant) {
      const [epochs, killedIn] = [6, 2]
      const args = (killed: number) => [String(epochs), String(killed)]
      const killed = await wandb.start('train_numpy.py', { ...tenant, libraries, args: args(killedIn) })
      const told = await killed.told
      await until(async () => {
        // It tells them when it hangs.
        expect(told).toHaveProperty('losses')
        expect((await lossesOf(tenant)).length).toBeGreaterThan(killedIn * batchesPerEpoch)
      }, 60_000)
      killed.process.kill('SIGKILL')
      const before = z.object({ losses: rowsSchema }).parse((await killed.done).result).losses
      const { result, output } = await succeeded(wandb.run('train_numpy.py', { ...tenant, libraries, args: args(-1) }))
      const first = killedIn * batchesPerEpoch
      expect(result, output).toMatchObject({ resumed_from: 'v1', first_epoch: killedIn, first_batch: first })
      const after = rowsSchema.parse(result['losses'])
      expect(column(after, 0)).toEqual(count((epochs - killedIn) * batchesPerEpoch).map((index) => first + index))
      // What the checkpoint gave back is what was trained: a batch that comes again has the same loss.
      for (const [batch = 0, loss = 0] of before.slice(first))
        expect(after[batch - first]?.[1], `batch ${batch}`).toBeCloseTo(loss, 9)
      const stored = await lossesOf(tenant)
      const kept = stored.length - after.length
      expect(kept).toBeGreaterThan(first)
      expect(stored).toEqual([...before.slice(0, kept), ...after])
      await expectNetwork(tenant, result, { epochs, first: killedIn })
      expect(result['machine']).toBeGreaterThan(0)
      expect((await points(tenant, id, 'cpu', 'system')).values.length).toBeGreaterThan(0)
    },
  },
]
