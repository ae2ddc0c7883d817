import { createInterface } from 'node:readline'
import type { IngestStep } from '../features/history/index.ts'
import { startServer } from '../index.ts'
import { readyMessageSchema, requestMessageSchema, serverArgumentsSchema } from './server-arguments.ts'

// The process that `spawnServer` starts: its options in one argument, its address in one line of standard output,
// and what it is asked for in lines of standard input.
const { holdAfterInsert, holdAfterErase, clockAheadMs, ...options } = serverArgumentsSchema.parse(
  JSON.parse(process.argv[2] ?? '{}'),
)
const clock = Date.now
if (clockAheadMs > 0) Date.now = () => clock() + clockAheadMs
const hold = (message: object): Promise<void> => {
  process.stdout.write(`${JSON.stringify(message)}\n`)
  return new Promise(() => {})
}
let fatalStep: IngestStep | undefined
createInterface({ input: process.stdin }).on('line', (line) => {
  const request = requestMessageSchema.parse(JSON.parse(line))
  if ('memory' in request) {
    process.stdout.write(`${JSON.stringify({ memory: process.memoryUsage() })}\n`)
    return
  }
  fatalStep = request.killAt
  process.stdout.write('{"armed":true}\n')
})
const server = await startServer({
  ...options,
  onIngestStep(step) {
    if (step === fatalStep) process.kill(process.pid, 'SIGKILL')
    return step === 'stored' && holdAfterInsert ? hold({ inserted: true }) : undefined
  },
  onErased: holdAfterErase ? () => hold({ erased: true }) : undefined,
})
const { url, organization, dataDir } = server
const ready = readyMessageSchema.parse({ url, apiKey: server.apiKey ?? '', organization, dataDir })
// Before it says that it is ready, because a test may stop it at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void server.close().then(() => process.exit(0)))
process.stdout.write(`${JSON.stringify(ready)}\n`)
