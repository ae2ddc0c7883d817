import * as z from 'zod'
import { isRecord, type WireValue, wireValueSchema } from '../values.ts'
import { type Distribution, multiplesIn } from './parameter-distributions.ts'

/** A parameter of a search: its place in a run's config, and what it may be. */
export type Parameter = { path: readonly string[]; distribution: Distribution }

/** The most parameters of a sweep, how deep `parameters` nest, and the most values of one. */
export const maxParameters = 200
const maxParameterDepth = 10
const maxParameterValues = 10_000

const distributionNames = [
  'constant',
  'categorical',
  'int_uniform',
  'uniform',
  'q_uniform',
  'log_uniform',
  'log_uniform_values',
  'q_log_uniform',
  'q_log_uniform_values',
  'inv_log_uniform',
  'inv_log_uniform_values',
  'normal',
  'q_normal',
  'log_normal',
  'q_log_normal',
] as const

const entrySchema = z.strictObject({
  value: wireValueSchema.optional(),
  values: z
    .array(wireValueSchema)
    .min(1, 'expected at least one value')
    .max(maxParameterValues, `expected at most ${maxParameterValues} values`)
    .nullish(),
  probabilities: z.array(z.number().min(0, 'expected no probability below 0')).nullish(),
  distribution: z.enum(distributionNames, { error: `expected one of ${distributionNames.join(', ')}` }).nullish(),
  min: z.number({ error: 'expected a number' }).nullish(),
  max: z.number({ error: 'expected a number' }).nullish(),
  mu: z.number({ error: 'expected a number' }).nullish(),
  sigma: z.number({ error: 'expected a number' }).gt(0, 'expected more than 0').nullish(),
  q: z.number({ error: 'expected a number' }).gt(0, 'expected more than 0').nullish(),
})
type Entry = z.infer<typeof entrySchema>

/** A fault of one entry: which of its keys, and what to do. */
type Fault = { key: string; message: string }
type Read = Distribution | Fault

type Refuse = (place: readonly PropertyKey[], message: string) => void

/** `parameters` of a sweep's config, each with its distribution; nested ones under the path that they have in a run's config. */
export const parametersSchema = z
  .custom<Record<string, unknown>>(isRecord, 'expected a record of parameters, as {lr: {min: 0.001, max: 0.1}}')
  .transform((record, context): Parameter[] => {
    const refuse: Refuse = (path, message) => context.addIssue({ code: 'custom', path: [...path], message })
    const found = readEntries(record, { path: [], place: [] }, refuse)
    if (Object.keys(record).length === 0) refuse([], 'expected at least one parameter')
    if (found.length > maxParameters) refuse([], `a sweep has at most ${maxParameters} parameters, got ${found.length}`)
    return found
  })

/** `path` is where a run's config has the entries, `place` where the sweep's config has them. */
type Where = { path: readonly string[]; place: readonly string[] }

function readEntries(entries: Record<string, unknown>, { path, place }: Where, refuse: Refuse): Parameter[] {
  if (path.length >= maxParameterDepth) {
    refuse(place, `parameters nest at most ${maxParameterDepth} deep`)
    return []
  }
  return Object.entries(entries).flatMap(([name, entry]) => {
    const at = { path: [...path, name], place: [...place, name] }
    if (name === '' || name.startsWith('$'))
      refuse(at.place, 'a name must not be empty or begin with $; choose another')
    const inner = isRecord(entry) && 'parameters' in entry ? entry['parameters'] : undefined
    if (isRecord(inner)) return readEntries(inner, { ...at, place: [...at.place, 'parameters'] }, refuse)
    return readParameter(entry, at, refuse)
  })
}

function readParameter(entry: unknown, { path, place }: Where, refuse: Refuse): Parameter[] {
  if (!isRecord(entry)) {
    refuse(place, `expected a record, as {value: ${JSON.stringify(entry) ?? '1'}} for a fixed value`)
    return []
  }
  const parsed = entrySchema.safeParse(entry)
  if (!parsed.success) {
    for (const issue of parsed.error.issues) refuse([...place, ...issue.path], issue.message)
    return []
  }
  const read = readEntry(parsed.data)
  if ('kind' in read) return [{ path, distribution: read }]
  refuse([...place, read.key], read.message)
  return []
}

function readEntry(entry: Entry): Read {
  const name = entry.distribution ?? impliedName(entry)
  if (name === undefined) return { key: 'values', message: 'expected value, values, min and max, or a distribution' }
  if (name === 'constant')
    return entry.value === undefined
      ? { key: 'value', message: 'a constant needs a value' }
      : { kind: 'constant', value: entry.value }
  if (name === 'categorical') return categorical(entry)
  if (name === 'int_uniform') return integer(entry)
  const q = name.startsWith('q_') ? (entry.q ?? 1) : null
  const base = name.replace(/^q_/, '')
  const read = base.endsWith('normal') ? normal(base, entry, q) : uniform(base, entry, q)
  return read
}

function impliedName({ value, values, min, max, mu, sigma, q }: Entry): (typeof distributionNames)[number] | undefined {
  if (values) return 'categorical'
  if (value !== undefined) return 'constant'
  if (min != null && max != null) {
    if (q != null) return 'q_uniform'
    return Number.isInteger(min) && Number.isInteger(max) ? 'int_uniform' : 'uniform'
  }
  return mu != null || sigma != null ? 'normal' : undefined
}

function categorical({ values, probabilities }: Entry): Read {
  if (!values) return { key: 'values', message: 'a categorical parameter needs values' }
  if (!probabilities) return { kind: 'categorical', values, probabilities: null }
  if (probabilities.length !== values.length)
    return { key: 'probabilities', message: `expected one for each of the ${values.length} values` }
  const sum = probabilities.reduce((total, one) => total + one, 0)
  if (Math.abs(sum - 1) > 1e-6) return { key: 'probabilities', message: `expected a sum of 1, got ${sum}` }
  return { kind: 'categorical', values, probabilities }
}

function bounds({ min, max }: Entry): { min: number; max: number } | Fault {
  if (min == null) return { key: 'min', message: 'expected a lower bound' }
  if (max == null) return { key: 'max', message: 'expected an upper bound' }
  return min <= max ? { min, max } : { key: 'max', message: `expected at least min, which is ${min}; got ${max}` }
}

function integer(entry: Entry): Read {
  const found = bounds(entry)
  if ('key' in found) return found
  for (const key of ['min', 'max'] as const)
    if (!Number.isSafeInteger(found[key])) return { key, message: 'int_uniform needs whole numbers; use uniform' }
  return { kind: 'integer', ...found }
}

function uniform(base: string, entry: Entry, q: number | null): Read {
  const given = bounds(entry)
  if ('key' in given) return given
  if (base === 'uniform') return quantized({ shape: 'uniform', ...given }, q)
  if (base.endsWith('_values')) {
    if (given.min <= 0) return { key: 'min', message: `${base} needs a min above 0, got ${given.min}` }
    return quantized({ shape: 'logUniform', ...given }, q)
  }
  const [low, high] = base === 'inv_log_uniform' ? [-given.max, -given.min] : [given.min, given.max]
  if (low < -700) return { key: 'min', message: `${base} has bounds as exponents of e; for values use ${base}_values` }
  if (high > 700) return { key: 'max', message: `${base} has bounds as exponents of e; for values use ${base}_values` }
  return quantized({ shape: 'logUniform', min: Math.exp(low), max: Math.exp(high) }, q)
}

function quantized(spread: { shape: 'uniform' | 'logUniform'; min: number; max: number }, q: number | null): Read {
  if (q !== null) {
    const { first, last } = multiplesIn(spread, q)
    if (last < first) return { key: 'q', message: `no multiple of ${q} is between ${spread.min} and ${spread.max}` }
  }
  return { kind: 'continuous', spread, q }
}

function normal(base: string, { mu, sigma }: Entry, q: number | null): Read {
  const shape = base === 'log_normal' ? 'logNormal' : 'normal'
  if (shape === 'logNormal' && Math.abs(mu ?? 0) + 9 * (sigma ?? 1) > 700)
    return { key: 'sigma', message: 'log_normal has mu and sigma of the natural logarithm; these are too large' }
  return { kind: 'continuous', spread: { shape, mu: mu ?? 0, sigma: sigma ?? 1 }, q }
}

/** A parameter's name as people write it: its path with dots. */
export function nameOfParameter({ path }: Parameter): string {
  return path.join('.')
}

/** A run's config of values at the paths of their parameters. */
export function configOf(parameters: readonly Parameter[], values: readonly WireValue[]): Record<string, WireValue> {
  const config: Record<string, WireValue> = {}
  parameters.forEach(({ path }, index) => {
    let inside = config
    for (const key of path.slice(0, -1)) {
      const known = Object.hasOwn(inside, key) ? inside[key] : undefined
      const next = known !== null && typeof known === 'object' && !Array.isArray(known) ? known : {}
      define(inside, key, next)
      inside = next
    }
    define(inside, path.at(-1) ?? '', values[index] ?? null)
  })
  return config
}

/** As an assignment, but for keys such as `__proto__` too. */
function define(record: Record<string, WireValue>, key: string, value: WireValue): void {
  Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
}

/** What a run's config has at a parameter's path. */
export function valueIn(config: Record<string, WireValue>, { path }: Parameter): WireValue | undefined {
  let value: WireValue | undefined = config
  for (const key of path) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
    value = Object.hasOwn(value, key) ? value[key] : undefined
  }
  return value
}
