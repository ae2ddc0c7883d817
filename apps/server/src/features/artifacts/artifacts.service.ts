import { maxArtifactFileBytes, maxManifestBytes, md5Schema } from '@kiroku/core/artifacts'
import { KirokuError } from '@kiroku/core/errors'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'
import type { FilesService, ReadableContent } from '../files/index.ts'
import type { ArtifactChanges } from './artifact-changes.repository.ts'
import type { ArtifactManifests } from './artifact-manifests.repository.ts'
import type { ArtifactRecords } from './artifact-records.repository.ts'
import type { StoredArtifact } from './artifact-row.ts'
import type { ArtifactsRepository, Membership } from './artifacts.repository.ts'
import { createCommit } from './commit-artifact.ts'
import { createImport } from './import-artifact.ts'
import type { ImportedArtifacts } from './imported-artifacts.repository.ts'
import { isSigned, type LinkedFile, linkLifetimeMs, signLink } from './signed-link.ts'

type Organization = Pick<OrganizationScope, 'organizationId'>

/** A content to be read, and the name that tells what it is. `sha256` is of the whole. */
export type ArtifactContent = ReadableContent & { path: string }

/** Artifacts: what they are and were made of, from creation to deletion, and the contents of their files. */
export type ArtifactsService = Pick<
  ArtifactChanges,
  'create' | 'setAliases' | 'removeAliases' | 'update' | 'remove' | 'removeMadeBy' | 'use' | 'link' | 'unlink'
> &
  Omit<ArtifactsRepository, 'byId' | 'contentByMd5'> & {
    addManifest: ArtifactManifests['add']
    updateManifest: ArtifactManifests['update']
    /** Throws NOT_FOUND for what is not an artifact of the organization. */
    existing(scope: Organization, id: string): Promise<StoredArtifact>
    /** The version of that number or alias. Throws NOT_FOUND. */
    requireVersion(scope: ProjectScope, name: string, version: string): Promise<Membership>
    /** Those of the contents that are stored, by their MD5 in base64. */
    stored(scope: Organization, md5s: readonly string[]): Promise<Set<string>>
    /** Keeps the content of a file. Throws BAD_REQUEST when its MD5 is another one, TOO_LARGE, UNAVAILABLE. */
    receive(scope: Organization, md5: string, content: AsyncIterable<Uint8Array>): Promise<void>
    /** Keeps a list of files that was announced. Throws as `receive`, and NOT_FOUND. */
    receiveManifest(scope: Organization, id: string, content: AsyncIterable<Uint8Array>): Promise<void>
    /**
     * Makes a pending artifact a version; one that is committed stays. Throws BAD_REQUEST when files are missing, or are not
     * those of the announced digest.
     */
    commit(scope: Organization, id: string): Promise<StoredArtifact>
    /** The content of a file of a version. Throws NOT_FOUND. */
    content(scope: Organization, artifact: StoredArtifact, path: string): Promise<ArtifactContent>
    /** The list of a version's files as the client wrote it. Throws NOT_FOUND. */
    manifestContent(scope: Organization, artifact: StoredArtifact): Promise<ArtifactContent>
    /** As `content`, by its MD5 (base64) in any artifact of the organization. */
    contentByMd5(scope: Organization, md5: string): Promise<ArtifactContent>
    /** As `content`, for whoever was given the link; null for its manifest. Throws NOT_FOUND for what was not signed, or too long ago. */
    linkedContent(link: LinkedFile & { organizationId: string; signature: string }): Promise<ArtifactContent>
    /** What proves, for a day, that its holder may read the file, or with null the manifest. */
    sign(artifact: StoredArtifact, path: string | null): { expires: number; signature: string }
    records: ArtifactRecords
    /** Takes in what was made elsewhere (`createImport`). */
    import: ReturnType<typeof createImport>
    importLineage: ImportedArtifacts['lineage']
  }

export type ArtifactsOptions = {
  repository: ArtifactsRepository
  changes: ArtifactChanges
  lists: ArtifactManifests
  records: ArtifactRecords
  imports: ImportedArtifacts
  files: Pick<FilesService, 'offerByMd5' | 'keep' | 'openContent'>
}

export function createArtifactsService(options: ArtifactsOptions): ArtifactsService {
  const { repository, changes, lists, records, imports, files } = options
  const commit = createCommit({ repository, changes, lists, files })
  const { byId, ...reads } = repository

  const existing = async (scope: Organization, id: string): Promise<StoredArtifact> => {
    const artifact = await byId(scope, id)
    if (artifact) return artifact
    throw new KirokuError({ code: 'NOT_FOUND', message: 'there is no artifact of this id' })
  }

  const contentOf = (scope: Organization, { path, sha256, size }: Omit<ArtifactContent, 'open'>): ArtifactContent => ({
    path,
    sha256,
    size,
    async open(range) {
      const opened = await files.openContent(scope, sha256, range)
      if (opened) return opened
      throw new KirokuError({ code: 'NOT_FOUND', message: `the content of ${path} is not on this server's disk` })
    },
  })

  const content = async (scope: Organization, artifact: StoredArtifact, path: string): Promise<ArtifactContent> => {
    const [file] = await repository.files(artifact, { paths: [path], limit: 1 })
    if (!file) throw new KirokuError({ code: 'NOT_FOUND', message: `${nameOf(artifact)} has no file ${path}` })
    if (file.sha256 === null)
      throw new KirokuError({ code: 'NOT_FOUND', message: `${path} is kept elsewhere, at ${file.ref}` })
    return contentOf(scope, { path, sha256: file.sha256, size: file.size })
  }

  const manifestContent = async (scope: Organization, artifact: StoredArtifact): Promise<ArtifactContent> => {
    const list = await repository.manifest(artifact)
    if (list) return contentOf(scope, { ...list, path: 'wandb_manifest.json' })
    throw new KirokuError({ code: 'NOT_FOUND', message: 'the artifact has no list of files yet' })
  }

  return {
    ...reads,
    records,
    import: createImport(imports, files),
    importLineage: imports.lineage,
    manifestContent,
    create: changes.create,
    addManifest: lists.add,
    updateManifest: lists.update,
    setAliases: changes.setAliases,
    removeAliases: changes.removeAliases,
    update: changes.update,
    remove: changes.remove,
    removeMadeBy: changes.removeMadeBy,
    use: changes.use,
    link: changes.link,
    unlink: changes.unlink,
    existing,
    content,

    async requireVersion(scope, name, version) {
      const found = await repository.version(scope, name, version)
      if (found) return found
      throw new KirokuError({ code: 'NOT_FOUND', message: `there is no artifact ${name}:${version}` })
    },

    stored: async (scope, md5s) => new Set((await files.offerByMd5(scope, md5s)).keys()),

    async receive(scope, md5, content) {
      await files.keep(scope, content, { maxBytes: maxArtifactFileBytes, md5 })
    },

    async receiveManifest(scope, id, content) {
      const announced = await lists.md5(scope, id)
      // Clients announce it in one form or another; the form of a content's MD5 is checked.
      const md5 = md5Schema.safeParse(announced).data
      const kept = await files.keep(scope, content, { maxBytes: maxManifestBytes, md5 })
      await lists.receive(scope, id, kept)
    },

    async commit(scope, id) {
      await commit(scope, await existing(scope, id))
      return existing(scope, id)
    },

    async contentByMd5(scope, md5) {
      const found = await repository.contentByMd5(scope, md5)
      if (!found) throw new KirokuError({ code: 'NOT_FOUND', message: `no artifact has a content of the MD5 ${md5}` })
      return contentOf(scope, found)
    },

    async linkedContent({ organizationId, artifactId, path, expires, signature }) {
      const artifact = await byId({ organizationId }, artifactId)
      if (!artifact || !isSigned(artifact.linkSecret, { artifactId, path, expires }, signature))
        throw new KirokuError({ code: 'NOT_FOUND', message: 'the link to the file is not valid, or no longer' })
      return path === null ? manifestContent({ organizationId }, artifact) : content({ organizationId }, artifact, path)
    },

    sign({ id, linkSecret }, path) {
      // Rounded, so that the same file has the same address for a while.
      const hourMs = 60 * 60 * 1000
      const expires = Math.ceil((Date.now() + linkLifetimeMs) / hourMs) * hourMs
      return { expires, signature: signLink(linkSecret, { artifactId: id, path, expires }) }
    },
  }
}

/** How people write a version. */
export const nameOf = ({ name, version }: Pick<StoredArtifact, 'name' | 'version'>): string =>
  version === null ? name : `${name}:v${version}`
