export { createBackupRepository } from './backup.repository.ts'
export { registerBackupRoute } from './backup.route.ts'
export { type BackupService, createBackupService } from './backup.service.ts'
