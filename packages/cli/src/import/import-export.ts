import { join, resolve } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import type { ExportManifest } from '@kiroku/core/export-format'
import { counted } from '../counted.ts'
import { failureLine, reportFailure } from '../failures.ts'
import { eachAtOnce } from '../jobs.ts'
import { ownOrganization } from '../run-address.ts'
import type { ServerClient } from '../server-client.ts'
import { SyncDisplay } from '../sync-display.ts'
import type { Terminal } from '../terminal.ts'
import { readExportedRun, readManifest } from './export-files.ts'
import { type ArtifactOutcome, importArtifacts } from './import-artifacts.ts'
import { importRun } from './import-run.ts'
import { tellRejected } from './tell-rejected.ts'

export type ImportExportOptions = {
  directory: string
  /** Where to; the project of the export when it is left out. */
  project?: string | undefined
  jobs: number
  isVerbose: boolean
}

/**
 * Imports all runs and artifacts of an export. One that cannot be imported is told and the others still get in. Answers how many
 * could not be imported in full. Throws where it makes no sense to go on: the server is away or refuses the key.
 */
export async function importExport(
  terminal: Terminal,
  client: ServerClient,
  options: ImportExportOptions,
): Promise<number> {
  const directory = resolve(options.directory)
  const manifest = await readManifest(directory)
  const project = options.project ?? manifest.project
  const display = new SyncDisplay(terminal, manifest.runs.length, 'importing')
  const outcome = { imported: 0, known: 0, failed: 0 }
  const failedRuns = new Set<string>()
  try {
    await eachAtOnce(manifest.runs, options.jobs, async ({ run, directory: place, sha256 }) => {
      const line = display.begin(run)
      try {
        const source = join(directory, ...place.split('/'))
        const exported = await readExportedRun(source, sha256)
        const { path, isKnown, rejected, rejectedCount } = await importRun(
          client,
          project,
          { directory: source, exported, sha256 },
          (done, total) => line.move({ bytes: done, total, waitsFor: null }),
        )
        const what = isKnown ? 'was imported before, nothing changed' : counted(exported.parts.points.count, 'point')
        line.end(`${what} -> ${client.url}${path}`)
        tellRejected(terminal, run, { rejected, rejectedCount })
        if (rejectedCount > 0) outcome.failed++
        else if (isKnown) outcome.known++
        else outcome.imported++
      } catch (cause) {
        line.end(undefined)
        if (cause instanceof KirokuError && (cause.code === 'UNAVAILABLE' || cause.code === 'UNAUTHORIZED')) throw cause
        outcome.failed++
        failedRuns.add(run)
        reportFailure(terminal, named(run, cause), options)
      }
    })
  } finally {
    display.end()
  }
  const artifacts = await bringArtifacts(terminal, client, { ...options, directory, project, manifest, failedRuns })
  terminal.say(
    [
      ...(manifest.runs.length > 0 || artifacts === null ? [describe('run', outcome)] : []),
      ...(artifacts === null ? [] : [describe('version', artifacts, ' of artifacts')]),
    ].join('; '),
  )
  return outcome.failed + (artifacts?.failed ?? 0)
}

type Brought = Omit<ImportExportOptions, 'project'> & {
  project: string
  manifest: ExportManifest
  failedRuns: ReadonlySet<string>
}

/** What came of the artifacts of an export; null where it has none. */
async function bringArtifacts(
  terminal: Terminal,
  client: ServerClient,
  { project, manifest, ...options }: Brought,
): Promise<ArtifactOutcome | null> {
  if (manifest.artifacts.length === 0 && (manifest.lineage?.count ?? 0) === 0) return null
  const target = { organization: await ownOrganization(client), project }
  const outcome = await importArtifacts({
    ...options,
    client,
    target,
    manifest,
    onArtifact: (name) =>
      terminal.isInteractive ? terminal.progress(`${name}: importing`) : terminal.say(`${name}: importing`),
    onFailure: (what, cause) => reportFailure(terminal, named(what, cause), options),
    say: (line) => terminal.say(line),
  })
  terminal.progress('')
  return outcome
}

const named = (what: string, cause: unknown): KirokuError =>
  new KirokuError({
    code: cause instanceof KirokuError ? cause.code : 'INTERNAL',
    message: `${what}: ${failureLine(cause)}`,
    cause,
  })

function describe(noun: string, { imported, known, failed }: ArtifactOutcome, of = ''): string {
  const others = [known > 0 ? `, ${known} imported before` : '', failed > 0 ? `, ${failed} failed` : '']
  return `${counted(imported, noun)}${of} imported${others.join('')}`
}
