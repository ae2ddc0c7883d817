import { startServer } from '../index.ts'
import { readyMessageSchema, serverArgumentsSchema } from './server-arguments.ts'

// The process that `spawnServer` starts: its options in one argument, its address in one line of standard output.
const { holdAfterInsert, holdAfterErase, clockAheadMs, ...options } = serverArgumentsSchema.parse(
  JSON.parse(process.argv[2] ?? '{}'),
)
const clock = Date.now
if (clockAheadMs > 0) Date.now = () => clock() + clockAheadMs
const holding = (message: object) => (): Promise<void> => {
  process.stdout.write(`${JSON.stringify(message)}\n`)
  return new Promise(() => {})
}
const server = await startServer({
  ...options,
  onInserted: holdAfterInsert ? holding({ inserted: true }) : undefined,
  onErased: holdAfterErase ? holding({ erased: true }) : undefined,
})
const { url, organization, dataDir } = server
const ready = readyMessageSchema.parse({ url, apiKey: server.apiKey ?? '', organization, dataDir })
// Before it says that it is ready, because a test may stop it at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void server.close().then(() => process.exit(0)))
process.stdout.write(`${JSON.stringify(ready)}\n`)
