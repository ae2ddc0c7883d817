import type { Run } from '@kiroku/core/runs'
import type { Value } from '@kiroku/core/values'
import type { RunLook } from '../chart/prepare-chart.ts'
import { keepRunColors, runColor } from '../colors/run-colors.ts'
import type { MenuChoiceOption } from '../ui/menu.tsx'
import { ownValue } from '../ui/own-value.ts'
import { flatValues } from './run-values.ts'

/** Runs that one line stands for. `key` is the same on every page. */
export type GroupLook = { key: string; name: string; color: string; runs: readonly string[] }

/** The groups of a chart, largest first, how many smaller ones are not drawn, and how many runs that match are in none. */
export type RunGroups = { drawn: readonly GroupLook[]; leftOut: number; notLoaded: number }

/** The most groups that a chart draws. */
export const mostGroups = 100

const collator = new Intl.Collator('en', { numeric: true })
const configPrefix = 'config.'

/** What runs may be grouped by: facts of runs, then the keys of their configs, each with how many groups it makes. */
export function groupChoices(runs: readonly Run[]): MenuChoiceOption[] {
  const keys = [...new Set(runs.flatMap((run) => Object.keys(flatValues(run.config))))].toSorted(collator.compare)
  const countOf = (by: string): string => `${new Set(runs.flatMap((run) => namesOf(run, by))).size}`
  const facts = [
    { value: 'group', label: 'Group' },
    { value: 'jobType', label: 'Job type' },
    { value: 'tags', label: 'Tag' },
    { value: 'state', label: 'State' },
    ...keys.map((key) => ({ value: configPrefix + key, label: configPrefix + key })),
  ]
  return [
    { value: '', label: 'None: a line per run' },
    ...facts.map((fact) => ({ ...fact, detail: countOf(fact.value) })),
  ]
}

/** What a grouping is called in a few words. */
export function groupingLabel(by: string | null): string {
  const names: Record<string, string> = { group: 'group', jobType: 'job type', tags: 'tag', state: 'state' }
  return by === null ? 'none' : (ownValue(names, by) ?? by.slice(configPrefix.length))
}

/** In which groups a run is: in one, or by tag in one for each. */
function namesOf(run: Run, by: string): string[] {
  switch (by) {
    case 'group':
      return [run.group ?? 'no group']
    case 'jobType':
      return [run.jobType ?? 'no job type']
    case 'state':
      return [run.state]
    case 'tags':
      return run.tags.length > 0 ? [...run.tags] : ['no tag']
  }
  const key = by.slice(configPrefix.length)
  return [`${key} ${textOf(ownValue(flatValues(run.config), key))}`]
}

const textOf = (value: Value | undefined): string =>
  value === undefined
    ? 'not set'
    : typeof value === 'string'
      ? value
      : typeof value === 'number'
        ? String(value)
        : JSON.stringify(value)

/** The groups of some runs, in colours that stay. */
export function groupRuns(runs: readonly Run[], by: string, notLoaded: number): RunGroups {
  const members = new Map<string, string[]>()
  for (const run of runs)
    for (const name of namesOf(run, by)) {
      const others = members.get(name)
      if (others === undefined) members.set(name, [run.slug])
      else others.push(run.slug)
    }
  const sorted = [...members].toSorted(
    ([one, runsOfOne], [other, runsOfOther]) => runsOfOther.length - runsOfOne.length || collator.compare(one, other),
  )
  const drawn = sorted.slice(0, mostGroups)
  const keyOf = (name: string): string => `${by} ${name}`
  const colors = keepRunColors(drawn.map(([name]) => keyOf(name)))
  return {
    drawn: drawn.map(([name, slugs]) => ({
      key: keyOf(name),
      name,
      color: colors.get(keyOf(name)) ?? runColor(keyOf(name)),
      runs: slugs,
    })),
    leftOut: sorted.length - drawn.length,
    notLoaded,
  }
}

/** How the runs of a list look while they are grouped: each in the colour of the first group that it is in. */
export function groupedLooks(runs: readonly Run[], { drawn }: RunGroups): RunLook[] {
  const colors = new Map<string, string>()
  for (const { color, runs: slugs } of drawn) for (const slug of slugs) if (!colors.has(slug)) colors.set(slug, color)
  return runs.flatMap(({ slug, displayName }) => {
    const color = colors.get(slug)
    return color === undefined ? [] : [{ run: slug, name: displayName, color }]
  })
}
