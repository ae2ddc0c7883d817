export { writerOf } from './session.ts'
export { isSame, nameOfKey, readWireSummary, type SummaryChange } from './summary-change.ts'
export type { WandbRun } from './wandb-run.ts'
export type { StreamedRun, WandbRunsRepository } from './wandb-runs.repository.ts'
