export {
  type BatchParts,
  batchOf,
  type Caller,
  client,
  fetchSeries,
  postBatch,
  postBytes,
  type RawResponse,
  type RunUpdateWithoutSeq,
  rawRequest,
  readPoints,
  type TestRow,
  type TestRun,
  testOrganization,
  testRun,
  until,
} from './factories.ts'
export { type SpawnedServer, type SpawnOptions, spawnServer } from './spawn-server.ts'
export { type TestServer, testServer } from './test-server.ts'
