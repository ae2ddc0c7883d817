import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArtifactCollectionRecord, ArtifactVersionRecord } from '@kiroku/core/artifact-records'
import type { ArtifactFile } from '@kiroku/core/artifacts'
import { KirokuError } from '@kiroku/core/errors'
import {
  artifactContentPath,
  type ExportedArtifact,
  type ExportedVersion,
  type ExportManifest,
  exportNames,
  recordVersion,
  versionFilesName,
} from '@kiroku/core/export-format'
import type { ProjectPath } from '@kiroku/core/projects'
import type { ArtifactCalls, VersionPath } from '../artifact-calls.ts'
import { hashOf } from '../file-hash.ts'
import { eachAtOnce } from '../jobs.ts'
import { replaceFile } from '../replace-file.ts'
import { inOrder } from './in-order.ts'
import { foldersOf } from './places.ts'
import { RowsFile } from './rows-file.ts'

export type ArtifactExport = {
  client: ArtifactCalls
  address: ProjectPath
  /** The export's directory. */
  directory: string
  /** So many contents are fetched at once. */
  jobs: number
  onArtifact(name: string): void
  /** Told of a version that was deleted meanwhile, and is left out. */
  onGone(version: string): void
}

/** What is written: what the manifest says of it, how many versions, and each content that the server does not have as it should. */
export type WrittenArtifacts = Pick<ExportManifest, 'artifacts' | 'lineage'> & { versions: number; lost: string[] }

/**
 * Writes a project's artifacts, a content at a time from the server to the disk. Contents that an interrupted export left are
 * kept where they are whole. What is committed meanwhile may or may not be in it.
 */
export async function exportArtifacts(options: ArtifactExport): Promise<WrittenArtifacts> {
  const { client, address, directory, onArtifact } = options
  await rm(join(directory, exportNames.artifacts), { recursive: true, force: true })
  const collections: ArtifactCollectionRecord[] = []
  for await (const page of client.collections(address)) collections.push(...page)
  collections.sort((left, right) => inOrder(left.name, right.name))
  const folders = foldersOf(collections.map(({ name }) => name))
  const contents = new Contents(options)
  const artifacts: ExportManifest['artifacts'] = []
  let versions = 0
  for (const collection of collections) {
    onArtifact(collection.name)
    const place = `${exportNames.artifacts}/${folders.get(collection.name) ?? collection.name}`
    const written = await writeArtifact(options, contents, collection, join(directory, place))
    versions += written.exported.versions.count
    artifacts.push({ name: collection.name, directory: place, sha256: written.sha256 })
  }
  await contents.removeOthers()
  const lineage = await writeLineage(options)
  return { artifacts, lineage, versions, lost: contents.lost }
}

async function writeArtifact(
  { client, address, onGone }: ArtifactExport,
  contents: Contents,
  artifact: ArtifactCollectionRecord,
  folder: string,
): Promise<{ exported: ExportedArtifact; sha256: string }> {
  const { name } = artifact
  await mkdir(folder, { recursive: true })
  await using file = new RowsFile(join(folder, exportNames.versions))
  let nextVersion = artifact.nextVersion
  for await (const page of client.versions({ ...address, name })) {
    for (const record of page) {
      const path = { ...address, name, version: record.version }
      const row = await writeVersion(client, contents, { path, record, folder }).catch(unlessGone)
      if (row) await file.add(`${JSON.stringify(row)}\n`, 1)
      else onGone(`${name}:v${record.version}`)
      nextVersion = Math.max(nextVersion, record.version + 1)
    }
  }
  const versions = await file.finish()
  const exported: ExportedArtifact = { version: recordVersion, artifact: { ...artifact, nextVersion }, versions }
  const json = `${JSON.stringify(exported, null, 2)}\n`
  await replaceFile(join(folder, exportNames.artifact), json)
  return { exported, sha256: createHash('sha256').update(json).digest('hex') }
}

type Version = { path: VersionPath; record: ArtifactVersionRecord; folder: string }

async function writeVersion(
  client: ArtifactCalls,
  contents: Contents,
  { path, record, folder }: Version,
): Promise<ExportedVersion> {
  if (record.made === null) return { record, files: null }
  await using list = new RowsFile(join(folder, versionFilesName(path.version)))
  await contents.fetch(path, [{ path: null, sha256: record.made.manifest.sha256 }])
  for await (const files of client.files(path)) {
    await list.add(files.map((file) => `${JSON.stringify(file)}\n`).join(''), files.length)
    await contents.fetch(path, files.flatMap(namedContent))
  }
  return { record, files: await list.finish() }
}

function unlessGone(cause: unknown): undefined {
  if (!(cause instanceof KirokuError) || cause.code !== 'NOT_FOUND') throw cause
}

const namedContent = ({ path, sha256 }: ArtifactFile) => (sha256 === null ? [] : [{ path, sha256 }])

async function writeLineage({ client, address, directory }: ArtifactExport): Promise<ExportManifest['lineage']> {
  await using file = new RowsFile(join(directory, exportNames.lineage))
  const keyOf = ({ run, role, artifact }: { run: string; role: string; artifact: object }): string =>
    JSON.stringify([run, role, artifact])
  // The server's order is by ids of its own: each run's rows are put in one that is the same everywhere.
  let ofRun: string[] = []
  let last: string | undefined
  const flush = async (): Promise<void> => {
    await file.add(
      ofRun
        .sort(inOrder)
        .map((row) => row.slice(row.indexOf('\n') + 1))
        .join(''),
      ofRun.length,
    )
    ofRun = []
  }
  for await (const page of client.lineage(address))
    for (const record of page) {
      if (record.run !== last) await flush()
      last = record.run
      ofRun.push(`${keyOf(record)}\n${JSON.stringify(record)}\n`)
    }
  await flush()
  return await file.finish()
}

/** The contents of an export's artifacts, each fetched once however many versions name it. */
class Contents {
  /** `name:v0: path: why` of each content that is not there as it should be. */
  readonly lost: string[] = []
  readonly #client: ArtifactCalls
  readonly #directory: string
  readonly #jobs: number
  readonly #known = new Map<string, string | null>()

  constructor({ client, directory, jobs }: ArtifactExport) {
    this.#client = client
    this.#directory = directory
    this.#jobs = jobs
  }

  /** Fetches those that are not there yet; a null path is that of the version's list of files. */
  async fetch(version: VersionPath, files: readonly { path: string | null; sha256: string }[]): Promise<void> {
    const first = new Map(files.map((file) => [file.sha256, file]))
    const wanted = [...first.values()].filter(({ sha256 }) => !this.#known.has(sha256))
    await eachAtOnce(wanted, this.#jobs, async ({ path, sha256 }) => {
      this.#known.set(sha256, await this.#fetchOne(version, path, sha256))
    })
    for (const { path, sha256 } of files) {
      const why = this.#known.get(sha256)
      if (why) this.lost.push(`${version.name}:v${version.version}: ${path ?? 'its list of files'}: ${why}`)
    }
  }

  /** Answers what is wrong with a content; null where it is there. Throws NOT_FOUND where the version itself is gone. */
  async #fetchOne(version: VersionPath, path: string | null, sha256: string): Promise<string | null> {
    const place = join(this.#directory, artifactContentPath(sha256))
    if ((await hashOf(place)) === sha256) return null
    try {
      let isWhole = true
      await replaceFile(place, await this.#client.content(version, path), async (written) => {
        isWhole = (await hashOf(written)) === sha256
        if (!isWhole) throw new KirokuError({ code: 'INTERNAL', message: 'the content is damaged' })
      }).catch((cause: unknown) => {
        if (isWhole) throw cause
      })
      return isWhole ? null : "what the server's disk has is damaged"
    } catch (cause) {
      if (!(cause instanceof KirokuError) || cause.code !== 'NOT_FOUND') throw cause
      for await (const _page of this.#client.files(version)) break
      return "the server's disk has lost its content"
    }
  }

  /** Removes what an interrupted export left and this one does not name. */
  async removeOthers(): Promise<void> {
    const root = join(this.#directory, exportNames.artifactContents)
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries)
      if (entry.isFile() && this.#known.get(entry.name) !== null) await rm(join(entry.parentPath, entry.name))
  }
}
