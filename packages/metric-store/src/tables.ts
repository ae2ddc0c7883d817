/**
 * A table, declared once for every kind of engine: `columns`, `orderBy` and `settings` as `CREATE TABLE` takes them, and the
 * engine of the MergeTree family with its own parameters, such as the version column. A table about runs has a column
 * `run UUID`.
 */
export type Table = {
  name: string
  columns: string
  engine: { family: 'MergeTree' | 'ReplacingMergeTree' | 'AggregatingMergeTree'; parameters?: string }
  orderBy: string
  settings?: string
}

/** The statement that makes a table on a single engine, if it is not there. */
export function createTable({ name, columns, engine, orderBy, settings }: Table): string {
  return `CREATE TABLE IF NOT EXISTS ${name} (${columns}
    ) ENGINE = ${engine.family}${engine.parameters === undefined ? '' : `(${engine.parameters})`}
    ORDER BY ${orderBy}${settings === undefined ? '' : `\n    SETTINGS ${settings}`}`
}
