/** What somebody asks of a runs table, each with the first rows of its answer by SQL. */
export const questions = [
  { name: 'sort by a summary key', sort: { kind: 'summary', key: 'accuracy', isDescending: true } },
  { name: 'sort by a config key', sort: { kind: 'config', key: 'lr', isDescending: false } },
  {
    name: 'filter by a config key, sort by a summary key',
    filter: { kind: 'config', key: 'lr', below: 0.001 },
    sort: { kind: 'summary', key: 'val/loss', isDescending: false },
  },
  {
    name: 'filter by a summary key, sort by a config key',
    filter: { kind: 'summary', key: 'accuracy', below: 0.1 },
    sort: { kind: 'config', key: 'batch_size', isDescending: true },
  },
]

/** The rows that a table shows at first. */
export const shownRows = 50
/** Runs of a page, as the dashboard's table asks for them. */
const pageSize = 500
/** Nobody waits longer: what was loaded by then tells how long all would take. */
const patienceMs = 30_000

/**
 * The ids of the first rows that answer a question, by the calls that the dashboard makes, and the `share` of the runs that
 * were loaded for it: below 1, and without ids, where that took too long. `runs.list` neither sorts nor filters by config
 * and summary: the table loads every page, one after the other, and does both itself.
 */
export async function askTable(api, path, question) {
  const until = performance.now() + patienceMs
  const runs = []
  let cursor
  do {
    const page = await api.runs.list.query({ ...path, limit: pageSize, ...(cursor ? { cursor } : {}) })
    runs.push(...page.runs)
    cursor = page.nextCursor
    if (cursor !== null && performance.now() > until) return { ids: null, share: runs.length / page.total }
  } while (cursor !== null)
  const { filter, sort } = question
  const sign = sort.isDescending ? -1 : 1
  const ids = runs
    .filter((run) => !filter || run[filter.kind][filter.key] < filter.below)
    .sort((one, other) => sign * (one[sort.kind][sort.key] - other[sort.kind][sort.key]))
    .slice(0, shownRows)
    .map(({ id }) => id)
  return { ids, share: 1 }
}

/** The same by SQL, as PostgreSQL answers it without any index. */
export async function askDatabase(database, projectId, { filter, sort }) {
  const number = ({ kind, key }) => `(${kind}->>'${key}')::float8`
  const { rows } = await database.query(
    `SELECT id, ${number(sort)} AS value FROM run WHERE project_id = $1 AND deleted_at IS NULL
     ${filter ? `AND ${number(filter)} < ${filter.below}` : ''}
     ORDER BY value ${sort.isDescending ? 'DESC' : ''}, created_at DESC LIMIT ${shownRows}`,
    [projectId],
  )
  return rows.map(({ id }) => id)
}
