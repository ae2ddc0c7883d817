import { client, spawnServer } from '@kiroku/testkit'
import { askDatabase, askTable, questions, shownRows } from '../runs/questions.mjs'
import { seedRuns, withDatabase } from '../runs/seed.mjs'
import { median, milliseconds } from '../statistics.mjs'
import { aligned, rounded } from '../table.mjs'

export const ids = ['table.10k', 'table.100k']

const sizes = { 'table.10k': { runs: 10_000, target: '<= 50' }, 'table.100k': { runs: 100_000, target: '<= 300' } }
const atMost = 9
/** No more repeats of a question once so much time went into it: what takes this long is asked once. */
const budgetMs = 3000
/** Where a question takes longer, the others are left out: they wait for the same. */
const tooLongMs = 10_000

/** How long a filter and a sort by config and summary keys take until the first rows are there: the slowest question. */
export async function measure({ ids: wanted, print }) {
  const server = await spawnServer()
  try {
    return await withDatabase(server.dataDir, async (database) => {
      const results = []
      for (const id of ids) if (wanted.includes(id)) results.push(await measureSize(server, database, id, print))
      return results
    })
  } finally {
    await server[Symbol.asyncDispose]()
  }
}

async function measureSize(server, database, id, print) {
  const { runs, target } = sizes[id]
  const project = `table-${runs}`
  const projectId = await seedRuns(server, database, project, runs)
  const api = client(server)
  const path = { organization: server.organization, project }
  const asked = []
  for (const question of questions) {
    const expected = new Set(await askDatabase(database, projectId, question))
    const bare = await repeated(() => askDatabase(database, projectId, question))
    let loaded = 1
    const times = await repeated(async () => {
      const { ids: found, share } = await askTable(api, path, question)
      loaded = share
      // Where many runs have the same value of the sorted key, others of them may come.
      const isTied = question.sort.key === 'batch_size'
      if (found && (found.length !== shownRows || !(isTied || found.every((run) => expected.has(run)))))
        throw new Error(`the table answers ${question.name} wrongly`)
    })
    if (loaded < 1) times[times.length - 1] /= loaded
    asked.push({ question, times, bare, loaded })
    if (median(times) > tooLongMs) break
  }
  const worst = asked.reduce((slowest, one) => (median(one.times) > median(slowest.times) ? one : slowest))
  const rows = asked.map(({ question, times, bare, loaded }) => [
    question.name,
    loaded < 1
      ? `${rounded(median(times))}, scaled up from ${rounded(100 * loaded)} % of the runs`
      : rounded(median(times)),
    String(times.length),
    rounded(median(bare)),
  ])
  print(
    `A table of ${rounded(runs)} runs: until its first ${shownRows} rows are there${asked.length < questions.length ? ' (the other questions were left out)' : ''}\n\n${aligned([['question', 'ms', 'asked', 'bare SQL, ms'], ...rows])}`,
  )
  return {
    id,
    samples: worst.times,
    unit: worst.loaded < 1 ? 'ms, scaled up' : 'ms, the worst',
    target,
    yardstick: { name: 'PostgreSQL alone, the same question', value: median(worst.bare) },
  }
}

async function repeated(work) {
  const until = performance.now() + budgetMs
  const times = []
  do times.push(await milliseconds(work))
  while (times.length < atMost && performance.now() < until)
  return times
}
