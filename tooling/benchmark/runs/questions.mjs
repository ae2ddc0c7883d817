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
/** The ids of the first rows that answer a question: one call, as the dashboard's table makes it. */
export async function askTable(api, path, { filter, sort }) {
  const page = await api.runs.list.query({
    ...path,
    limit: shownRows,
    ...(filter && { filter: { op: 'lt', path: `${filter.kind}.${filter.key}`, value: filter.below } }),
    order: [{ path: `${sort.kind}.${sort.key}`, direction: sort.isDescending ? 'desc' : 'asc' }],
  })
  return page.runs.map(({ id }) => id)
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
