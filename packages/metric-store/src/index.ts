export type { CountedMetric, CountedRequest, LastText } from './counted-types.ts'
export type { GroupedRun, StoreGroupsAnswer, StoreGroupsRequest } from './groups/group-types.ts'
export { openMetricStore } from './metric-store.ts'
export type {
  ConsolePart,
  ConsoleQuery,
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
