import type { MetricInfo } from '@kiroku/core/queries'
import type { SqlEntries } from '@kiroku/core/sql'

export type Example = { title: string; query: string }

const plainName = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/

/** A text as SQL writes it. */
export const sqlText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** A column's name as SQL writes it: in quotes where it must be. */
export const sqlName = (name: string): string => (plainName.test(name) ? name : `\`${name}\``)

/** Queries to begin with, over metrics and entries that the project has. */
export function examplesFor(metrics: readonly MetricInfo[], entries: SqlEntries['entries']): Example[] {
  const own = metrics.filter(({ stream }) => stream === 'history')
  const metric = sqlText((own.find(({ name }) => /loss/i.test(name)) ?? own[0])?.name ?? 'loss')
  const config = entries.find(({ name, type }) => name.startsWith('config.') && /Float/.test(type) && isNameable(name))
  const column = config === undefined ? 'r.name' : `r.${sqlName(config.name)}`
  return [
    {
      title: 'Best run of each group',
      query: `SELECT r.group, argMin(p.run, p.value) AS run, min(p.value) AS best
FROM points AS p
JOIN runs AS r ON r.run = p.run
WHERE p.metric = ${metric} AND isFinite(p.value)
GROUP BY r.group
ORDER BY best`,
    },
    {
      title: 'Last value of each run',
      query: `SELECT p.run, ${column}, argMax(p.value, p.step) AS last, max(p.step) AS step
FROM points AS p
JOIN runs AS r ON r.run = p.run
WHERE p.metric = ${metric}
GROUP BY ALL
ORDER BY last`,
    },
    {
      title: 'Moving average',
      query: `SELECT run, step,
  avg(value) OVER (PARTITION BY run ORDER BY step ROWS BETWEEN 9 PRECEDING AND CURRENT ROW) AS average
FROM points
WHERE metric = ${metric} AND isFinite(value)
ORDER BY run, step
LIMIT 5000`,
    },
    {
      title: 'Time to target',
      query: `WITH 0.5 AS target
SELECT p.run, dateDiff('second', any(r.started_at), min(p.time)) AS seconds, min(p.step) AS step
FROM points AS p
JOIN runs AS r ON r.run = p.run
WHERE p.metric = ${metric} AND p.value <= target
GROUP BY p.run
ORDER BY seconds`,
    },
    {
      title: 'Runs with their config and summary',
      query: 'SELECT run, name, state, tags, config, summary\nFROM runs\nORDER BY created_at DESC',
    },
    {
      title: 'How many points there are',
      query: 'SELECT metric, count() AS points, uniq(run) AS runs\nFROM points\nGROUP BY metric\nORDER BY points DESC',
    },
  ]
}

/** Whether SQL can name an entry: quotes and backslashes have no place in a name. */
export const isNameable = (name: string): boolean => !/[`"\\\p{Cc}]/u.test(name)
