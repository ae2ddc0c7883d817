import type { WireValue } from '../values.ts'
import { valueAt } from './parameter-distributions.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Parameter } from './sweep-parameters.ts'

/** One value of each parameter, each drawn from its distribution. */
export function randomPoint(parameters: readonly Parameter[], random: SeededRandom): WireValue[] {
  return parameters.map(({ distribution }) => valueAt(distribution, random()))
}
