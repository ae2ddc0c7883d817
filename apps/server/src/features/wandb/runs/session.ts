import { createHash } from 'node:crypto'

/** Which process writes: the `session`th of those that follow each other, or one of several by the id that it has itself. */
export type Process = { session: number } | { client: string }

/**
 * The writer of a process. It follows from what the protocol tells, so that an answer that was lost is given again: the same
 * process asks, and is the same writer. A project that was made anew under its name has other writers.
 */
export function writerOf(projectId: string, run: string, process: Process): string {
  const name = 'client' in process ? `client ${process.client}` : `session ${process.session}`
  const digest = createHash('sha256').update(`wandb ${projectId} ${run} ${name}`).digest()
  return [...digest.subarray(0, 16)].map((byte) => (byte % 36).toString(36)).join('')
}
