import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, type ServerOptions, startServer } from '../index.ts'
import { beginFromTemplate } from './template.ts'

/** A server over embedded engines, whose key is known. */
export type TestServer = RunningServer & { apiKey: string }

/**
 * A real server in this process, on a free port, over embedded engines in a temporary directory that goes with it. The
 * embedded ClickHouse takes one directory a process: for a second server at the same time use `spawnServer`.
 */
export async function testServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true })
  try {
    const given = { dataDir: join(directory, 'data'), port: 0, logLevel: 'error' as const, ...options }
    if (given.databaseUrl === undefined) await beginFromTemplate(given.dataDir)
    const server = await startServer(given)
    let closing: Promise<void> | undefined
    const close = (): Promise<void> => {
      closing ??= server.close().finally(remove)
      return closing
    }
    const { apiKey } = server
    if (apiKey === null) throw new Error('the server does not know its own key')
    return { ...server, apiKey, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await remove()
    throw error
  }
}
