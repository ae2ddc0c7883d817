import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import {
  type ArtifactCollectionRecord,
  type ArtifactVersionRecord,
  collectionRecordsSchema,
  type ImportArtifactInput,
  type ImportedArtifact,
  importedArtifactSchema,
  importedLineageSchema,
  type LineageRecord,
  lineageRecordsSchema,
  versionRecordsSchema,
} from '@kiroku/core/artifact-records'
import { type ArtifactAddress, type ArtifactFile, artifactFilesSchema } from '@kiroku/core/artifacts'
import { KirokuError } from '@kiroku/core/errors'
import type { ProjectPath } from '@kiroku/core/projects'
import { routes } from '@kiroku/core/routes'
import type * as z from 'zod'
import type { ServerHttp } from './server-http.ts'

/** One version of an artifact, by its number. */
export type VersionPath = ArtifactAddress & { version: number }

/** A server as far as artifacts go. All calls throw `KirokuError`; lists come a page at a time. */
export class ArtifactCalls {
  readonly #http: ServerHttp

  constructor(http: ServerHttp) {
    this.#http = http
  }

  /** What a project has, by name. Throws NOT_FOUND when there is no such project. */
  async *collections(project: ProjectPath): AsyncIterable<ArtifactCollectionRecord[]> {
    for await (const page of this.#pages('artifactRecords.collections', project, collectionRecordsSchema))
      yield page.collections
  }

  /** The versions of an artifact, the first one first. */
  async *versions(address: ArtifactAddress): AsyncIterable<ArtifactVersionRecord[]> {
    for await (const page of this.#pages('artifactRecords.versions', address, versionRecordsSchema)) yield page.versions
  }

  /** Whether there is a version of that number. */
  async has({ version, ...address }: VersionPath): Promise<boolean> {
    const input = { ...address, limit: 1, cursor: String(version - 1) }
    try {
      const { versions } = await this.#http.query('artifactRecords.versions', input, versionRecordsSchema)
      return versions[0]?.version === version
    } catch (cause) {
      if (cause instanceof KirokuError && cause.code === 'NOT_FOUND') return false
      throw cause
    }
  }

  /** What the runs of a project used and made. */
  async *lineage(project: ProjectPath): AsyncIterable<LineageRecord[]> {
    const input = { ...project, limit: 1000 }
    for await (const page of this.#pages('artifactRecords.lineage', input, lineageRecordsSchema)) yield page.lineage
  }

  /** The files of a version, by path. */
  async *files({ version, ...address }: VersionPath): AsyncIterable<ArtifactFile[]> {
    const input = { ...address, version: `v${version}`, limit: 1000 }
    for await (const page of this.#pages('artifacts.files', input, artifactFilesSchema)) yield page.files
  }

  async *#pages<T extends { nextCursor: string | null }>(
    procedure: string,
    input: object,
    schema: z.ZodType<T>,
  ): AsyncIterable<T> {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: T = await this.#http.query(procedure, { ...input, cursor }, schema)
      yield page
      cursor = page.nextCursor
    }
  }

  /** The bytes of a file of a version as they come, or, with null, of its list of files. */
  content({ version, ...address }: VersionPath, path: string | null): Promise<Readable> {
    const search = new URLSearchParams({ ...address, version: `v${version}` })
    if (path !== null) search.set('path', path)
    return this.#http.stream(`${routes.artifactFiles}?${search}`, { method: 'GET' }, { isEndless: true })
  }

  /** Uploads a content, which an artifact then names, from disk, a piece at a time. */
  async putContent(sha256: string, file: string): Promise<void> {
    const init = (): RequestInit => ({
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: Readable.toWeb(createReadStream(file)),
      duplex: 'half',
    })
    await this.#http.request(`${routes.blobs}/${sha256}?of=artifact`, init, { isEndless: true })
  }

  /** Makes an artifact and a version of it, or finds them again. */
  import(input: ImportArtifactInput): Promise<ImportedArtifact> {
    return this.#http.mutate('artifactRecords.import', input, importedArtifactSchema)
  }

  /** Notes what runs used and made; answers what there is no run or version for. */
  async importLineage(project: ProjectPath, lineage: readonly LineageRecord[]): Promise<LineageRecord[]> {
    return (await this.#http.mutate('artifactRecords.importLineage', { ...project, lineage }, importedLineageSchema))
      .missing
  }
}
