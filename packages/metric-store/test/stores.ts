import { joinParts } from '@kiroku/core/frames'
import { decodeSeriesAnswer, encodeSeriesAnswer, type SeriesAnswer } from '@kiroku/core/series'
import { afterAll, beforeAll } from 'vitest'
import { openClusterEngine } from '../src/engine/cluster-engine.ts'
import { openEmbeddedEngine } from '../src/engine/embedded-engine.ts'
import type { Engine } from '../src/engine/engine.ts'
import { openServerEngine } from '../src/engine/server-engine.ts'
import { type MetricStore, openMetricStore, type StoreSeriesRequest } from '../src/index.ts'
import {
  canStartClickhouse,
  clusterName,
  startClickhouse,
  startCluster,
  temporaryDirectory,
} from '../src/testing/clickhouse.ts'

export { clusterName, startClickhouse, startCluster, temporaryDirectory }

/** A store for tests, gone at scope exit with everything in it. */
export type TestStore = {
  store: MetricStore
  directory: string
  /** Another engine over the same tables, which the caller closes. */
  openEngine(): Promise<Engine>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * The kinds of engine that every test of the store runs on. `server` and `cluster`, which is two servers, need Python, to
 * start libchdb as a server.
 */
export const engines = [
  { kind: 'embedded', open: openEmbedded, isMissing: false },
  { kind: 'server', open: openServer, isMissing: !canStartClickhouse() },
  { kind: 'cluster', open: openCluster, isMissing: !canStartClickhouse() },
] as const

let lastVersion = 0

/** A version as a server gives it: microseconds, above the one before. */
export function nextVersion(): number {
  lastVersion = Math.max(lastVersion + 1, Date.now() * 1000)
  return lastVersion
}

/** One store for all tests of a group of them; asked for within a test. */
export function sharedStore({
  open,
  isMissing,
}: Pick<(typeof engines)[number], 'open' | 'isMissing'>): () => MetricStore {
  let opened: TestStore | undefined
  beforeAll(async () => {
    if (!isMissing) opened = await open()
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())
  return () => {
    if (!opened) throw new Error('no store was opened')
    return opened.store
  }
}

async function openEmbedded(): Promise<TestStore> {
  const directory = temporaryDirectory()
  const store = await openMetricStore({ kind: 'embedded', path: directory.path })
  return {
    store,
    directory: directory.path,
    openEngine: () => openEmbeddedEngine(directory.path),
    async [Symbol.asyncDispose]() {
      await store.close()
      directory[Symbol.dispose]()
    },
  }
}

async function openServer(): Promise<TestStore> {
  const server = await startClickhouse()
  const store = await openMetricStore({ kind: 'server', url: server.url, rollupLagMs: 0 })
  return {
    store,
    directory: server.directory,
    openEngine: () => openServerEngine(server.url),
    async [Symbol.asyncDispose]() {
      await store.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

async function openCluster(): Promise<TestStore> {
  const cluster = await startCluster()
  const [first] = cluster.shards
  const store = await openMetricStore({ kind: 'server', url: first?.url ?? '', cluster: clusterName, rollupLagMs: 0 })
  return {
    store,
    openEngine: () => openClusterEngine(first?.url ?? '', clusterName),
    directory: first?.directory ?? '',
    async [Symbol.asyncDispose]() {
      await store.close()
      await cluster[Symbol.asyncDispose]()
    },
  }
}

/** A chart of a store, as whoever asked for it receives it. */
export async function chartOf(store: MetricStore, request: StoreSeriesRequest): Promise<SeriesAnswer> {
  return decodeSeriesAnswer(joinParts(encodeSeriesAnswer(await store.series(request))))
}
