import { logArtifact, testRun, useArtifact } from '@kiroku/testkit'

type Owner = { url: string; apiKey: string; organization: string }

/** A data set of two versions, a model that a run made of the second, and a run that used the model. */
export async function seedArtifacts(owner: Owner, project: string): Promise<void> {
  const { organization } = owner
  const at = { organization, project }
  await testRun(owner, { project, run: 'prepare', displayName: 'preparation' })
  await testRun(owner, { project, run: 'train', displayName: 'training' })
  await testRun(owner, { project, run: 'evaluate', displayName: 'evaluation' })
  const digits = {
    ...at,
    name: 'digits',
    run: 'prepare',
    description: 'Scanned digits, centred and scaled to 28 by 28 pixels.',
    metadata: { rows: 60_000, split: { train: 0.9, test: 0.1 }, source: 'scans of 2024' },
  }
  const images = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `images/${String(index).padStart(4, '0')}.bin`,
      'x'.repeat(1000 + 37 * index),
    ]),
  )
  await logArtifact(owner, { ...digits, aliases: ['raw'], files: { ...images, 'labels/train.csv': 'first' } })
  const second = await logArtifact(owner, {
    ...digits,
    aliases: ['clean', 'production'],
    files: { ...images, 'labels/train.csv': 'second' },
    refs: { 'originals.tar': 's3://scans/2024/originals.tar' },
  })
  await useArtifact(owner, { ...at, run: 'train', id: second.id })
  const model = await logArtifact(owner, {
    ...at,
    name: 'net',
    type: 'model',
    run: 'train',
    aliases: ['best'],
    files: { 'weights.bin': 'w'.repeat(250_000), 'config.json': '{}' },
  })
  await useArtifact(owner, { ...at, run: 'evaluate', id: model.id })
  await logArtifact(owner, { ...at, name: 'run-train-rows', type: 'run_table', files: { 'rows.table.json': '{}' } })
}
