import type * as z from 'zod'
import type { FrozenTables } from '../types.ts'
import type { NativeBlock } from './native-format.ts'

/** A value bound to a `{name:Type}` placeholder of a statement. Tuples and arrays are both written as arrays. */
export type ParameterValue = string | number | readonly ParameterValue[]
export type Parameters = Readonly<Record<string, ParameterValue>>

/**
 * One statement: its text with `{name:Type}` placeholders, and their values. No `FORMAT` or `SETTINGS` clause.
 *
 * A statement about runs has their UUIDs as the value of `run` or `runs`. A cluster runs it, whole, on each of the shards
 * that these runs are on, and puts the rows together: so it groups, joins, sorts and cuts within a run.
 */
export type Statement = {
  sql: string
  parameters?: Parameters
  signal?: AbortSignal | undefined
  /** Each server of a cluster is asked, about itself, and their rows are put together. */
  isOfServers?: boolean
}

/**
 * What the store needs of ClickHouse, in its own process or on a server. All failures are `KirokuError`s: UNAVAILABLE when
 * the engine cannot be reached or has no room, TOO_LARGE when a query needs more than its limits, INTERNAL otherwise.
 */
export type Engine = {
  /** Runs a statement that answers nothing. */
  command(statement: Statement): Promise<void>
  /** The same beside inserts, for what only gives ClickHouse a task. */
  upkeep(statement: Statement): Promise<void>
  /** Rows of a small answer, each parsed by `row`. */
  query<Row>(statement: Statement & { row: z.ZodType<Row> }): Promise<Row[]>
  /**
   * Runs text that is not ours, complete and without parameters, apart from all other statements: under `settings`, of which `readonly` is 1,
   * and so that nothing of it lasts. Gives the bytes of the format. Throws what the engine throws, for its caller to read.
   */
  untrusted(statement: UntrustedStatement): Promise<Uint8Array>
  /**
   * Where text that is not ours cannot read the stored tables itself: reads rows for it, as the bytes of Native format, a piece from
   * each server that is asked. Throws TOO_LARGE for more than `maxBytes`. Null where it can.
   */
  gather: ((statement: Statement & { maxBytes: number; maxSeconds: number }) => Promise<Bytes[]>) | null
  /** A large answer, in columns. */
  columns(statement: Statement): Promise<NativeBlock[]>
  /**
   * `INSERT INTO <into> SELECT <select> FROM <bytes in Native format, of this structure>`, then what follows the table.
   * Resolves when the rows are on disk.
   */
  insert(insert: InsertStatement): Promise<void>
  /** The name of a table for `INSERT INTO <name> SELECT`, when the rows are of another run than those that are read. */
  spread(table: string): string
  /**
   * The same engine, whose queries leave out the rows of shards that do not answer, and tell their numbers, instead of
   * throwing UNAVAILABLE.
   */
  leavingOut(onMissing: (shard: number) => void): Engine
  /** Whether a server that may be read can lack rows that were stored longer ago: a replica that has not caught up. */
  isBehind(ms: number): Promise<boolean>
  /**
   * Holds back all writes, calls `atCut` while nothing changes, and freezes all tables as they are then. Throws BAD_REQUEST
   * where ClickHouse is a server, which has a backup of its own.
   */
  freeze(atCut: () => Promise<void>): Promise<FrozenTables>
  /** Waits for what is under way and lets go of everything. */
  close(): Promise<void>
}

export type UntrustedStatement = {
  /** A comment that no other statement has: the text begins with it, and is found by it when it has to be stopped. */
  mark: string
  sql: string
  format: 'JSONEachRow' | 'JSONCompactEachRowWithNamesAndTypes'
  settings: Settings
  /** An answer of more is refused: TOO_LARGE. */
  maxBytes: number
  signal: AbortSignal | undefined
  /** Tables that are there for this statement alone, where the engine's `gather` has read them. */
  tables?: readonly CarriedTable[]
}

type Bytes = Uint8Array<ArrayBuffer>

/** Rows that go with a statement: columns and types as `CREATE TABLE` takes them, and bytes of a format. */
export type CarriedTable = {
  name: string
  structure: string
  format: 'Native' | 'LineAsString'
  pieces: readonly Bytes[]
}

/** Settings of ClickHouse by their names. */
export type Settings = Readonly<Record<string, string | number>>

export type InsertStatement = {
  into: string
  select: string
  structure: string
  /** What stands behind the table, such as an `ARRAY JOIN`. */
  rest?: string
  /** A block in Native format, in pieces. */
  chunks: readonly Uint8Array[]
}
