/**
 * The way of a batch through the server, in order: its body may come, it is parsed, rows of a shared run have their steps,
 * then its points, texts and lines are stored one after the other, it is committed in PostgreSQL, and answered.
 */
export const ingestSteps = [
  'admitted',
  'parsed',
  'reserved',
  'inserting',
  'pointsStored',
  'textsStored',
  'stored',
  'committing',
  'committed',
  'answering',
] as const

/** A place on the way of a batch at which a server may be told of it, and may fail. */
export type IngestStep = (typeof ingestSteps)[number]

/** Told of each step as it is reached, and waited for where the way allows it: everywhere but at `admitted`. */
export type OnIngestStep = (step: IngestStep) => Promise<void> | void
