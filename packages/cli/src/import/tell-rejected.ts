import type { Terminal } from '../terminal.ts'

const mostTold = 5

/** Says what of a run could not be stored: of many values the first, and how many more there are. */
export function tellRejected(
  terminal: Pick<Terminal, 'say'>,
  run: string,
  { rejected, rejectedCount }: { rejected: readonly string[]; rejectedCount: number },
): void {
  for (const reason of rejected.slice(0, mostTold)) terminal.say(`${run}: not stored: ${reason}`)
  const more = rejectedCount - Math.min(mostTold, rejected.length)
  if (more > 0) terminal.say(`${run}: ${more} more are not stored`)
}
