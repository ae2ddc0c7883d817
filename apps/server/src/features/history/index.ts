export { applyUpdates, defineInDocument, type RunDocument, type RunFacts, wireKey } from './apply-batch.ts'
export { refuseDeletedWriter } from './deleted-writers.repository.ts'
export {
  definitionsSql,
  loadDefinitions,
  loadDocument,
  loadTotals,
  saveDefinitions,
  saveLabels,
  saveRuns,
  saveTotals,
} from './document.repository.ts'
export { createHistoryRepository, type HistoryRepository } from './history.repository.ts'
export { registerIngestRoute } from './history.route.ts'
export { createHistoryService, type HistoryService } from './history.service.ts'
export { type IngestStep, ingestSteps, type OnIngestStep } from './ingest-steps.ts'
export { type LeftHistory, movedMetrics, redoDocument } from './redo-summary.ts'
export type { RunStanding } from './run-state.ts'
export { standingsOfSilent } from './standing.repository.ts'
