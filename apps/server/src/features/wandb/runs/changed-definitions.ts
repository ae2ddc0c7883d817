import type { DefineMetricInput } from '@kiroku/core/metrics'

/**
 * The definitions that are not as the client's last config had them. It sends all of them with every config: what a value set
 * by hand has taken away since must not come back.
 */
export function changedDefinitions(
  before: readonly DefineMetricInput[],
  now: readonly DefineMetricInput[],
): DefineMetricInput[] {
  const known = new Map(before.map((definition) => [definition.name, JSON.stringify(definition)]))
  return now.filter((definition) => known.get(definition.name) !== JSON.stringify(definition))
}
