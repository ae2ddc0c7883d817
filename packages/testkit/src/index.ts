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
  testServer,
} from '@kiroku/server/testing'
export { type SpawnedServer, type SpawnOptions, spawnServer } from './spawn-server.ts'
