import { join } from 'node:path'
import type { LineageRecord } from '@kiroku/core/artifact-records'
import { KirokuError } from '@kiroku/core/errors'
import {
  artifactContentPath,
  type ExportedArtifact,
  type ExportedVersion,
  type ExportManifest,
  exportedArtifactFileSchema,
  exportedLineageSchema,
  exportedVersionSchema,
  exportNames,
  versionFilesName,
} from '@kiroku/core/export-format'
import type { ProjectPath } from '@kiroku/core/projects'
import { failureLine } from '../failures.ts'
import { eachAtOnce } from '../jobs.ts'
import type { ServerClient } from '../server-client.ts'
import { fileIn, readExportedArtifact, readExportedRows, requireContent } from './export-files.ts'

export type ArtifactImport = {
  client: ServerClient
  target: ProjectPath
  /** The export's directory. */
  directory: string
  manifest: Pick<ExportManifest, 'artifacts' | 'lineage'>
  /** So many contents are sent at once. */
  jobs: number
  /** Runs of the export that are not in the project now: nothing is said of what they used and made. */
  failedRuns: ReadonlySet<string>
  onArtifact(name: string): void
  /** Told of what could not be imported, and why; everything else still gets in. */
  onFailure(what: string, cause: unknown): void
  say(line: string): void
}

/** How many versions got in, were there before, and could not be imported. */
export type ArtifactOutcome = { imported: number; known: number; failed: number }

const hashesPerOffer = 500
const lineagePerCall = 500
const mostTold = 5

/**
 * Imports the artifacts of an export: those that were made in it, then what portfolios link to, then what runs used and made. Again, it goes
 * on where it stopped, or changes nothing. Throws where the server is away or refuses the key.
 */
export async function importArtifacts(options: ArtifactImport): Promise<ArtifactOutcome> {
  const outcome: ArtifactOutcome = { imported: 0, known: 0, failed: 0 }
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (cause) {
      if (cause instanceof KirokuError && (cause.code === 'UNAVAILABLE' || cause.code === 'UNAUTHORIZED')) throw cause
      outcome.failed++
      options.onFailure(what, cause)
    }
  }
  const portfolios: { folder: string; exported: ExportedArtifact }[] = []
  const importAll = async (folder: string, exported: ExportedArtifact): Promise<void> => {
    const { artifact } = exported
    options.onArtifact(artifact.name)
    if (exported.versions.count === 0)
      await options.client.artifacts.import({ ...options.target, collection: artifact, version: null })
    for await (const rows of readExportedRows(join(folder, exportNames.versions), exportedVersionSchema))
      for (const row of rows)
        await attempt(`${artifact.name}:v${row.record.version}`, async () => {
          if (await importVersion(options, exported, { folder, row })) outcome.known++
          else outcome.imported++
        })
  }
  for (const { name, directory: place, sha256 } of options.manifest.artifacts)
    await attempt(name, async () => {
      const folder = fileIn(options.directory, place)
      const exported = await readExportedArtifact(folder, sha256)
      if (exported.artifact.isPortfolio) portfolios.push({ folder, exported })
      else await importAll(folder, exported)
    })
  for (const { folder, exported } of portfolios)
    await attempt(exported.artifact.name, () => importAll(folder, exported))
  await attempt(exportNames.lineage, () => importLineage(options))
  return outcome
}

/** Answers whether the version was there before. */
async function importVersion(
  options: ArtifactImport,
  { artifact: collection }: ExportedArtifact,
  { folder, row }: { folder: string; row: ExportedVersion },
): Promise<boolean> {
  const { client, target, failedRuns } = options
  const { record, files } = row
  const list = join(folder, versionFilesName(record.version))
  if (
    record.made !== null &&
    files !== null &&
    !(await client.artifacts.has({ ...target, name: collection.name, version: record.version }))
  ) {
    await requireContent(list, files.sha256)
    await upload(options, list, record.made.manifest.sha256)
  }
  const { made } = record
  const createdBy = made !== null && made.createdBy !== null && !failedRuns.has(made.createdBy) ? made.createdBy : null
  const version = { ...record, made: made && { ...made, createdBy } }
  const { isKnown, takenAliases } = await client.artifacts.import({ ...target, collection, version })
  for (const alias of takenAliases)
    options.say(`${collection.name}:v${record.version}: another version is ${alias} here, and stays it`)
  return isKnown
}

/** Uploads what the server lacks of a version's contents, after all of that is found to be as it was exported. */
async function upload(options: ArtifactImport, list: string, manifest: string): Promise<void> {
  const { client, directory, jobs } = options
  const missing: string[] = []
  const offer = async (named: ReadonlyMap<string, string>): Promise<void> => {
    for (const sha256 of await client.missingContents([...named.keys()])) {
      await requireContent(join(directory, artifactContentPath(sha256)), sha256).catch((cause: unknown) => {
        throw withPath(named.get(sha256) ?? sha256, cause)
      })
      missing.push(sha256)
    }
  }
  await offer(new Map([[manifest, 'its list of files']]))
  let named = new Map<string, string>()
  for await (const files of readExportedRows(list, exportedArtifactFileSchema))
    for (const { path, sha256 } of files) {
      if (sha256 !== null) named.set(sha256, path)
      if (named.size < hashesPerOffer) continue
      await offer(named)
      named = new Map()
    }
  if (named.size > 0) await offer(named)
  const each = [...new Set(missing)]
  await eachAtOnce(each, jobs, (sha256) =>
    client.artifacts.putContent(sha256, join(directory, artifactContentPath(sha256))),
  )
}

const withPath = (path: string, cause: unknown): KirokuError =>
  new KirokuError({
    code: cause instanceof KirokuError ? cause.code : 'INTERNAL',
    message: `${path}: ${failureLine(cause)}`,
    cause,
  })

async function importLineage(options: ArtifactImport): Promise<void> {
  const { client, target, directory, manifest, failedRuns } = options
  if (manifest.lineage === null || manifest.lineage.count === 0) return
  const path = join(directory, exportNames.lineage)
  await requireContent(path, manifest.lineage.sha256)
  let told = 0
  const send = async (lineage: LineageRecord[]): Promise<void> => {
    for (const { run, role, artifact } of await client.artifacts.importLineage(target, lineage)) {
      told++
      const name = `${artifact.project ?? target.project}/${artifact.name}:v${artifact.version}`
      const did = role === 'input' ? 'used' : 'made'
      if (told <= mostTold)
        options.say(`${run}: it ${did} ${name}, which is not here; import that first, then this export again`)
    }
  }
  let waiting: LineageRecord[] = []
  for await (const rows of readExportedRows(path, exportedLineageSchema)) {
    waiting.push(...rows.filter(({ run }) => !failedRuns.has(run)))
    while (waiting.length >= lineagePerCall) {
      await send(waiting.slice(0, lineagePerCall))
      waiting = waiting.slice(lineagePerCall)
    }
  }
  if (waiting.length > 0) await send(waiting)
  if (told > mostTold) options.say(`${told - mostTold} more of what runs used or made is not here`)
}
