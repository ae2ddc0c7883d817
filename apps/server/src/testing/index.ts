export { canStartClickhouse, clusterName, startCluster } from '@kiroku/metric-store/testing'
export {
  artifactDigest,
  askWandb,
  type LoggedArtifact,
  logArtifact,
  md5Of,
  putTo,
  uploadManifest,
  useArtifact,
} from './artifacts.ts'
export {
  attachFile,
  type BatchParts,
  batchOf,
  type Caller,
  client,
  fetchFile,
  fetchSeries,
  postBatch,
  postBytes,
  putBlob,
  type RawResponse,
  type RunUpdateWithoutSeq,
  rawRequest,
  readPoints,
  sha256Of,
  type TestRow,
  type TestRun,
  testOrganization,
  testRun,
  until,
  uploadBlob,
} from './factories.ts'
export { startProxy, type TestProxy } from './proxy.ts'
export { type SpawnedServer, type SpawnOptions, spawnServer } from './spawn-server.ts'
export { beginFromTemplate } from './template.ts'
export { type TestServer, testServer } from './test-server.ts'
