export { ConsoleLines } from '../sidecar/console-lines.ts'
export { findRuns, type LocalRunInfo } from './local-runs.ts'
export { type LocalRunFacts, readRunFacts } from './run-facts.ts'
export { type SyncOptions, type SyncProgress, type SyncResult, syncRun } from './sync-run.ts'
