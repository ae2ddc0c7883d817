import type { Run } from '@kiroku/core/runs'
import type { WireRecord } from '@kiroku/core/values'

/** What the client said of its run beside what Kiroku has a field for. */
export type WandbFacts = {
  /** The processes that wrote one after the other are numbered; this is the last one. */
  session: number
  /** The next process goes on after the last step. */
  isResuming: boolean
  /** The client's own part of its config, in wire form. */
  internal: WireRecord
  /** The names that its last config had. */
  configKeys: readonly string[]
}

/** A run, and what a `wandb` client said of it; `facts` is null for one that never met such a client. */
export type WandbRun = Run & { facts: WandbFacts | null; isStopAsked: boolean }
