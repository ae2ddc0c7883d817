export type { CountedMetric, CountedRequest, LastText } from './counted-types.ts'
export type { GroupedRun, StoreGroupsAnswer, StoreGroupsRequest } from './groups/group-types.ts'
export { openMetricStore } from './metric-store.ts'
export { runTables } from './run-tables.ts'
export type { TextCount } from './text-counts.ts'
export type {
  ConsolePart,
  ConsoleQuery,
  FrozenFile,
  FrozenTables,
  MetricStore,
  MetricStoreOptions,
  PointBlock,
  PointChunk,
  PointQuery,
  RequestedSeries,
  RowQuery,
  RunKey,
  Segment,
  SeriesKey,
  StoredContents,
  StoredLine,
  StoredRow,
  StoredSeries,
  StoredText,
  StoreSeriesAnswer,
  StoreSeriesRequest,
  TextQuery,
} from './types.ts'
export { kindOfEntry } from './user-sql/run-rows.ts'
export type { RunEntry, RunsWanted, SqlRun, SqlRunId, UserQuery } from './user-sql/types.ts'
