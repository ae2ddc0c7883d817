import type { WireValue } from '@kiroku/core/values'
import { attachFile, batchOf, type Caller, client, postBatch, testRun, uploadBlob } from '@kiroku/testkit'
import { expect } from 'vitest'

/** Where runs are made: an organization's key and a project of it. */
export type Place = Caller & { organization: string; project: string }

const time = 1_700_000_000_000
const far = Number.MAX_SAFE_INTEGER
const odd = 'μ/損失 "q" \u2028 \\ {x:String} 🙂'

/** Makes runs that have all that a run may have, and one that is deleted. Answers the ids of those that are there. */
export async function makeRichProject(place: Place): Promise<string[]> {
  const { organization, project } = place
  await makeEverything(place)
  await makeResumed(place)
  await makeShared(place)
  await makeBranches(place)
  const killed = await testRun(place, { project, run: 'killed' })
  await ends(place, killed, 1, { state: 'killed', exitCode: null })
  const deleted = await testRun(place, { project, run: 'deleted' })
  await ends(place, deleted, 1)
  await client(place).runs.delete.mutate({ organization, project, run: 'deleted' })
  return ['everything', 'resumed', 'shared', 'parent', 'forked', 'killed']
}

type Ended = { state?: 'finished' | 'failed' | 'crashed' | 'killed'; exitCode?: number | null; time?: number }

async function ends(place: Place, run: Parameters<typeof batchOf>[0], firstSeq: number, ended: Ended = {}) {
  const { state = 'finished', exitCode = 0 } = ended
  const finish = { type: 'finish', state, exitCode, time: ended.time ?? Date.now() + 1234 } as const
  expect((await postBatch(place, batchOf(run, { firstSeq, updates: [finish] }))).rejected).toEqual([])
}

async function makeEverything(place: Place): Promise<void> {
  const { organization, project } = place
  const run = await testRun(place, {
    project,
    run: 'everything',
    displayName: `Ünïcode – ${odd}`,
    group: 'grüppe',
    jobType: 'eval',
    notes: '# notes\n\n`x`\n',
    tags: ['zeta', 'alpha', '🙂'],
    startedAt: time,
    config: { lr: { $n: 'NaN' }, $$n: 1, nested: { deep: [1, null, { $n: '-Infinity' }] }, [odd]: true },
    definitions: [
      { name: 'val/*', stepMetric: 'epoch', summary: ['min', 'mean'] },
      { name: 'epoch', hidden: true },
      { name: 'loss', goal: 'minimize', unit: 'nats', summary: ['best', 'last'] },
    ],
    git: { commit: 'a'.repeat(40), branch: 'main', remote: 'https://example.com/x.git', isDirty: true },
    host: { hostname: 'höst', cpuCount: 3, memoryBytes: 2 ** 40, arguments: ['--a', 'b c'] },
  })
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 5e-324, 1.7e308, 0.1]
  const rows = values.map((value, step) => ({ step, time: time + step, values: { loss: value, epoch: step / 2 } }))
  const { sha256, size } = await uploadBlob(place, 'no real picture')
  const image = { _type: 'image-file', path: 'media/images/a.png', sha256, size, format: 'png', width: 2, height: 3 }
  const texts: [number, string, WireValue][] = [
    [0, 'note', 'a line\u2028and "another"\n'],
    [1, 'note', null],
    [far, 'note', { $n: 'NaN' }],
    [2, odd, [1, { a: { $n: 'Infinity' } }]],
    [3, 'picture', image],
    [4, 'spread', { _type: 'histogram', values: [1, 2], bins: [0, 1, 2] }],
  ]
  const first = batchOf(run, {
    rows: [
      ...rows,
      { step: -5, time: -1, values: { loss: 7, 'val/acc': 0.25 } },
      { step: far, time: 8.64e15, values: { [odd]: 1, 'val/acc': 1 / 3, $money: 2 } },
      { step: far - 1, time: -8.64e15, values: { 'val/acc': 0.1 } },
      { step: 3, time: time + 99, values: { loss: 33 } },
    ],
    systemRows: [time, time + 15_000].map((at, index) => ({
      step: at,
      time: at,
      values: { 'cpu.0': index, [odd]: -0, 'gpu.0.memory': Number.NaN },
    })),
    texts: texts.map(([step, metric, value]) => ({ step, metric, value, time: time + step / 7 })),
    updates: [
      { type: 'file', path: 'media/images/a.png', mime: 'image/png', sha256, size },
      { type: 'summary', set: { best: { $n: '-Infinity' }, 'val/acc': 'by hand', $$x: 1 }, unset: ['epoch'] },
      { type: 'define', definition: { name: 'val/acc', goal: 'maximize', summary: ['max'] } },
      { type: 'config', set: { late: 'yes' } },
    ],
    console: [
      { line: 0, stream: 'stdout', time, text: '10 %' },
      { line: 1, stream: 'stderr', time: time + 1, text: `\u001b[31m${odd}\u001b[0m` },
      { line: 0, stream: 'stdout', time, text: '100 %' },
      { line: 2, stream: 'stdout', time: time + 1, text: '' },
    ],
  })
  expect((await postBatch(place, first)).rejected).toEqual([])
  let firstSeq = first.lastSeq + 1
  for (const [path, content] of [
    ['empty', ''],
    ['dir.d/ünï 🙂/a b.txt', 'text'],
    ['copy', 'text'],
    ['dir.d', 'a file and a folder'],
    ['COPY', 'other text'],
    [`long/${'x'.repeat(300)}`, 'long'],
    ['large.bin', new Uint8Array(300_000).fill(7)],
  ] as const)
    await attachFile(place, run, { path, content, firstSeq: firstSeq++ })
  await ends(place, run, firstSeq, { state: 'failed', exitCode: 3, time: time + 60_000 })
  await client(place).runs.update.mutate({ organization, project, run: 'everything', set: { notes: 'later\n' } })
}

async function makeResumed(place: Place): Promise<void> {
  const { project } = place
  const first = await testRun(place, { project, run: 'resumed', startedAt: time, displayName: 'two lives' })
  const rows = [0, 1, 2].map((step) => ({ step, values: { loss: step } }))
  const line = { line: 0, stream: 'stdout', time, text: 'first life' } as const
  await postBatch(place, batchOf(first, { rows, console: [line] }))
  await ends(place, first, 5, { state: 'crashed', exitCode: null, time: time + 5000 })
  const second = await testRun(place, { project, run: 'resumed', resume: 'must', startedAt: time + 90_000 })
  const again = [2, 3].map((step) => ({ step, values: { loss: -step } }))
  await postBatch(place, batchOf(second, { rows: again, console: [{ ...line, text: 'second life' }] }))
  await ends(place, second, 4, { time: time + 95_000 })
}

async function makeShared(place: Place): Promise<void> {
  const { project } = place
  for (const label of ['rank 0', 'rank 1']) {
    const run = await testRun(place, { project, run: 'shared', shared: true, label, startedAt: time })
    const row = { step: 77, values: { [label]: 1, loss: 2 } }
    const lines = ['same time', 'too'].map((text, line) => ({ line, stream: 'stdout', time, text }) as const)
    await postBatch(place, batchOf(run, { rows: [row], console: lines }))
    await ends(place, run, 4)
  }
}

async function makeBranches(place: Place): Promise<void> {
  const { project } = place
  const parent = await testRun(place, { project, run: 'parent', startedAt: time, config: { from: 'parent' } })
  const rows = [0, 1, 2, 3].map((step) => ({ step, values: { loss: step } }))
  await postBatch(place, batchOf(parent, { rows }))
  const forked = await testRun(place, { project, run: 'forked', fork: { run: 'parent', step: 1 }, startedAt: time + 9 })
  await postBatch(place, batchOf(forked, { rows: [{ step: 2, values: { loss: 22 } }] }))
  await ends(place, forked, 2)
  const rewound = await testRun(place, { project, run: 'parent', rewind: { step: 2 }, startedAt: time + 99_000 })
  await postBatch(place, batchOf(rewound, { rows: [{ step: 3, values: { loss: 33 } }] }))
  await ends(place, rewound, 2)
}
