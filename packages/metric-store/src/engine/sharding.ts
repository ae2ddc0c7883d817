/** A shard of a cluster: its number there, from 1, and how many of the hash's slots it takes. */
export type ShardWeight = { shard: number; weight: number }

/** The greatest prime of 64 bits: what a run's id leaves of it is spread evenly, and both sides can tell it. */
const prime = 18446744073709551557n

/** The expression by which a `Distributed` table chooses the shard of a row: a hash of its run. */
export const shardingKey = `toUInt64(toUInt128(run) % ${prime})`

/**
 * The number of the shard that a `Distributed` table with `shardingKey` sends a run's rows to. Shards are given in the
 * cluster's order; undefined when none has a weight.
 */
export function shardOfRun(run: string, shards: readonly ShardWeight[]): number | undefined {
  const total = shards.reduce((sum, { weight }) => sum + weight, 0)
  if (total === 0) return undefined
  let slot = Number((BigInt(`0x${run.replaceAll('-', '')}`) % prime) % BigInt(total))
  for (const { shard, weight } of shards) {
    if (slot < weight) return shard
    slot -= weight
  }
  return undefined
}
