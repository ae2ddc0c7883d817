import type * as z from 'zod'
import type { FrozenTables } from '../types.ts'
import type { NativeBlock } from './native-format.ts'

/** A value bound to a `{name:Type}` placeholder of a statement. Tuples and arrays are both written as arrays. */
export type ParameterValue = string | number | readonly ParameterValue[]
export type Parameters = Readonly<Record<string, ParameterValue>>

/** One statement: its text with `{name:Type}` placeholders, and their values. No `FORMAT` or `SETTINGS` clause. */
export type Statement = { sql: string; parameters?: Parameters; signal?: AbortSignal | undefined }

/**
 * What the store needs of ClickHouse, in its own process or on a server. All failures are `KirokuError`s: UNAVAILABLE when
 * the engine cannot be reached or has no room, TOO_LARGE when a query needs more than its limits, INTERNAL otherwise.
 */
export type Engine = {
  /** Runs a statement that answers nothing. */
  command(statement: Statement): Promise<void>
  /** Rows of a small answer, each parsed by `row`. */
  query<Row>(statement: Statement & { row: z.ZodType<Row> }): Promise<Row[]>
  /** A large answer, in columns. */
  columns(statement: Statement): Promise<NativeBlock[]>
  /**
   * `INSERT INTO <into> SELECT <select> FROM <bytes in Native format, of this structure>`, then what follows the table.
   * Resolves when the rows are on disk.
   */
  insert(insert: InsertStatement): Promise<void>
  /**
   * Holds back all writes, calls `atCut` while nothing changes, and freezes all tables as they are then. Throws BAD_REQUEST
   * where ClickHouse is a server, which has a backup of its own.
   */
  freeze(atCut: () => Promise<void>): Promise<FrozenTables>
  /** Waits for what is under way and lets go of everything. */
  close(): Promise<void>
}

export type InsertStatement = {
  into: string
  select: string
  structure: string
  /** What stands behind the table, such as an `ARRAY JOIN`. */
  rest?: string
  /** A block in Native format, in pieces. */
  chunks: readonly Uint8Array[]
}
