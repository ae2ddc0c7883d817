export { mimeOf } from './mime.ts'
export type { KnownMediaFiles, WandbFilesService } from './wandb-files.service.ts'
