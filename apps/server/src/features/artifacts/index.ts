export { createArtifactChanges, type NewArtifact } from './artifact-changes.repository.ts'
export { createArtifactManifests } from './artifact-manifests.repository.ts'
export { createArtifactRecords } from './artifact-records.repository.ts'
export { artifactRecordsRouter } from './artifact-records.router.ts'
export type { ArtifactRun, StoredArtifact } from './artifact-row.ts'
export {
  type ArtifactsRepository,
  createArtifactsRepository,
  type Membership,
  type StoredFile,
} from './artifacts.repository.ts'
export { registerArtifactRoute } from './artifacts.route.ts'
export { artifactsRouter } from './artifacts.router.ts'
export { type ArtifactsService, createArtifactsService, nameOf } from './artifacts.service.ts'
export type { StoredCollection } from './collection-row.ts'
export { createImportedArtifacts } from './imported-artifacts.repository.ts'
export { sendArtifactFile } from './send-artifact-file.ts'
