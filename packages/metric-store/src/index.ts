export { openMetricStore } from './metric-store.ts'
export type {
  MetricStore,
  MetricStoreOptions,
  PointBlock,
  PointChunk,
  RequestedSeries,
  RunKey,
  SeriesKey,
  StoredSeries,
  StoredText,
  StoreSeriesAnswer,
  StoreSeriesRequest,
} from './types.ts'
