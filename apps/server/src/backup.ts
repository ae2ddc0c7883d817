export { verifyBackup } from './features/backup/read-backup.ts'
export { type RestoreOptions, restoreBackup } from './features/backup/restore-backup.ts'
