import type { WireValue } from '../values.ts'
import { countable } from './parameter-distributions.ts'
import { nameOfParameter, type Parameter } from './sweep-parameters.ts'

/** How many combinations there are; or the names of the parameters whose values cannot be counted. */
export function gridSize(parameters: readonly Parameter[]): { size: number } | { uncountable: string[] } {
  const counts = parameters.map((parameter) => countable(parameter.distribution)?.count ?? null)
  const uncountable = parameters.filter((_, index) => counts[index] === null).map(nameOfParameter)
  if (uncountable.length > 0) return { uncountable }
  return { size: counts.reduce<number>((product, count) => product * (count ?? 1), 1) }
}

/**
 * The values of the combination at `index`, from 0 to the grid's size: the last parameter changes first. Null beyond the last
 * one, and for parameters that cannot be counted.
 */
export function gridPoint(parameters: readonly Parameter[], index: number): WireValue[] | null {
  const values: WireValue[] = []
  let left = index
  for (const { distribution } of parameters.toReversed()) {
    const choices = countable(distribution)
    if (!choices) return null
    values.unshift(choices.at(left % choices.count))
    left = Math.floor(left / choices.count)
  }
  return left === 0 ? values : null
}
