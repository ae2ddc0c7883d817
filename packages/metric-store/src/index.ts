export type { CountedMetric, CountedRequest, LastText } from './counted-types.ts'
export { openMetricStore } from './metric-store.ts'
export type {
  ConsolePart,
  ConsoleQuery,
  FrozenFile,
  FrozenTables,
  MetricStore,
  MetricStoreOptions,
  PointBlock,
  PointChunk,
  RequestedSeries,
  RunKey,
  Segment,
  SeriesKey,
  StoredLine,
  StoredSeries,
  StoredText,
  StoreSeriesAnswer,
  StoreSeriesRequest,
  TextQuery,
} from './types.ts'
