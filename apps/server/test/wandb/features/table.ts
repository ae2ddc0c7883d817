import type { Claim } from '../checks/check.ts'
import { allReleases, newest, type Release, releases } from '../releases.ts'
import type { Feature } from './catalog.ts'

/** The document that tells what a client can do, of the catalog of features and of what the suite's checks claim. */
export function featureDocument(
  catalog: Readonly<Record<string, Readonly<Record<string, Feature>>>>,
  claims: readonly Claim<string>[],
): string {
  const subjects = Object.entries(catalog).map(([subject, features]) => {
    const rows = Object.entries(features).map(([id, feature]) => rowOf(feature, provenBy(id, claims)))
    return [`## ${subject}`, '', table([head, ...rows])].join('\n')
  })
  const unable = claims.flatMap((claim) =>
    Object.entries(claim.unable ?? {}).map(([release, reason]) => `- ${release}, "${claim.name}": ${reason}.`),
  )
  return `${[intro, ...subjects, ...(unable.length > 0 ? [['## What a release lacks', '', ...unable].join('\n')] : [])].join('\n\n')}\n`
}

const intro = `# What works with the \`wandb\` Python package

Written from the suite that runs the real clients (\`apps/server/test/wandb\`): each feature that works is shown by the checks named
beside it, with the releases named there, on what Kiroku stored and on what the client got back. \`docs/wandb.md\` tells how.
**Works**, **partly** and **no** are what the checks and the code say; **not tested** is said where no check of the suite does it.
A change of the catalog or of a check is written here by \`npx vitest run --project unit apps/server/test/wandb -u\`.`

const head = ['feature', '', 'what', 'with', 'shown by']

function rowOf(feature: Feature, proofs: readonly Claim<string>[]): string[] {
  const what = [
    ...('shown' in feature && feature.shown ? [feature.shown] : []),
    ...('partly' in feature ? [feature.partly] : []),
  ]
  const where = [releasesOf(proofs), proofs.map(({ name }) => name).join('; ')]
  if ('not' in feature) return [feature.call, 'no', feature.not, ...where]
  if ('untested' in feature) return [feature.call, 'not tested', feature.untested, ...where]
  return [feature.call, 'partly' in feature ? 'partly' : 'works', what.join('; '), ...where]
}

/** The checks that prove a feature, narrowed to the releases with which they do. */
export function provenBy(id: string, claims: readonly Claim<string>[]): Claim<string>[] {
  return claims.flatMap((claim) => {
    if (claim.proves.some((proven) => proven === id)) return [claim]
    return claim.provesOfNewest?.some((proven) => proven === id) ? [{ ...claim, releases: [newest] }] : []
  })
}

/** The releases that a check runs with. */
export function releasesFor({ releases: some = releases, unable = {} }: Claim<string>): Release[] {
  return some.filter((release) => unable[release] === undefined)
}

function releasesOf(proofs: readonly Claim<string>[]): string {
  const found = allReleases.filter((release) => proofs.some((claim) => releasesFor(claim).includes(release)))
  const [first, last] = [found[0], found.at(-1)]
  if (first === undefined || last === undefined) return ''
  const short = (release: string): string => release.replace(/\.\d+$/, '')
  const isRange = found.length > 1 && allReleases.indexOf(last) - allReleases.indexOf(first) === found.length - 1
  return isRange ? `${short(last)} to ${short(first)}` : found.map(short).join(', ')
}

/** A Markdown table whose columns are as wide as their longest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`
  const [first = [], ...others] = rows
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...others.map(line)].join('\n')
}
