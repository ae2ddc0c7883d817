/// <reference lib="esnext.disposable" preserve="true" />
export { type ErrorCode, KirokuError } from '@kiroku/core/errors'
export {
  Api,
  type ApiOptions,
  type ApiProject,
  api,
  type RestoreOptions,
  type RunCondition,
  type RunFilter,
  restore,
} from './api/api.ts'
export { ApiFile, type DownloadOptions } from './api/api-file.ts'
export { ApiRun } from './api/api-run.ts'
export type { HistoryOptions, HistoryRow, SystemRow } from './api/history-rows.ts'
export type { EditableRecord } from './api/remote-record.ts'
export type { ConfigUpdateOptions, RunConfig } from './config.ts'
export type { DefineMetricOptions } from './define-metric.ts'
export { config, defineMetric, finish, init, log, run, summary } from './global.ts'
export type { InitOptions } from './init.ts'
export { type CountedHistogram, Histogram } from './media/histogram.ts'
export { Image, type ImageOptions } from './media/image.ts'
export { Media } from './media/media.ts'
export { Table, type TableInput } from './media/table.ts'
export { type FinishOptions, type LogOptions, Run } from './run.ts'
export type { RunSummary } from './run-summary.ts'
export type { RunOptions } from './settings.ts'
export type { Mode } from './settings-file.ts'
export { type MetricMap, type MetricOptions, type MetricSpec, metric } from './typed.ts'
