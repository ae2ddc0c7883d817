export { createCustomChartsRepository } from './runs/custom-charts.repository.ts'
export { createWandbRunsRepository } from './runs/wandb-runs.repository.ts'
export { registerWandb } from './wandb.ts'
