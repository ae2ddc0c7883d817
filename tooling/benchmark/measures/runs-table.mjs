import { client, spawnServer } from '@kiroku/testkit'
import { askDatabase, askTable, questions, shownRows } from '../runs/questions.mjs'
import { seedRuns, withDatabase } from '../runs/seed.mjs'
import { median, milliseconds } from '../statistics.mjs'
import { aligned, rounded } from '../table.mjs'

export const ids = ['table.10k', 'table.100k']

const sizes = { 'table.10k': { runs: 10_000, target: '<= 50' }, 'table.100k': { runs: 100_000, target: '<= 300' } }
const atMost = 9
/** No more repeats of a question once so much time went into it. */
const budgetMs = 3000

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
    const times = await repeated(async () => {
      const found = await askTable(api, path, question)
      if (found.length !== shownRows || !found.every((run) => expected.has(run)))
        throw new Error(`the table answers ${question.name} wrongly`)
    })
    asked.push({ question, times, bare })
  }
  const worst = asked.reduce((slowest, one) => (median(one.times) > median(slowest.times) ? one : slowest))
  const rows = asked.map(({ question, times, bare }) => [
    question.name,
    rounded(median(times)),
    String(times.length),
    rounded(median(bare)),
  ])
  print(
    `A table of ${rounded(runs)} runs: until its first ${shownRows} rows are there\n\n${aligned([['question', 'ms', 'asked', 'bare SQL, ms'], ...rows])}`,
  )
  return {
    id,
    samples: worst.times,
    unit: 'ms, the worst',
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
