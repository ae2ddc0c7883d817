import { startServer } from '../index.ts'
import { readyMessageSchema, serverArgumentsSchema } from './server-arguments.ts'

// The process that `spawnServer` starts: its options in one argument, its address in one line of standard output.
const { holdAfterInsert, ...options } = serverArgumentsSchema.parse(JSON.parse(process.argv[2] ?? '{}'))
const server = await startServer({
  ...options,
  onInserted: holdAfterInsert
    ? () => {
        process.stdout.write('{"inserted":true}\n')
        return new Promise<void>(() => {})
      }
    : undefined,
})
const { url, apiKey, organization, dataDir } = server
process.stdout.write(`${JSON.stringify(readyMessageSchema.parse({ url, apiKey, organization, dataDir }))}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void server.close().then(() => process.exit(0)))
