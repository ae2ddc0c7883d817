export {
  type BatchParts,
  batchOf,
  type Caller,
  client,
  fetchSeries,
  postBatch,
  postBytes,
  type RunUpdateWithoutSeq,
  readPoints,
  type TestRow,
  type TestRun,
  testOrganization,
  testRun,
} from './factories.ts'
export { type SpawnedServer, type SpawnOptions, spawnServer } from './spawn-server.ts'
export { testServer } from './test-server.ts'
