export type { KnownMediaFiles, WandbFilesService } from './wandb-files.service.ts'
