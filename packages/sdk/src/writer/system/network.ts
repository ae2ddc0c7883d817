import { readText, type SystemRoots, type SystemSample } from './sample.ts'

/** Adds the bytes that went in and out over all network interfaces; what the machine says to itself is not counted. */
export function readNetwork({ counters }: SystemSample, { proc }: SystemRoots): void {
  const table = readText(proc, 'net', 'dev')
  if (table === undefined) return
  let received = 0
  let sent = 0
  for (const line of table.split('\n').slice(2)) {
    const colon = line.lastIndexOf(':')
    if (colon < 0 || line.slice(0, colon).trim() === 'lo') continue
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number)
    received += columns[0] ?? 0
    sent += columns[8] ?? 0
  }
  counters.set('network.recv', received)
  counters.set('network.sent', sent)
}
