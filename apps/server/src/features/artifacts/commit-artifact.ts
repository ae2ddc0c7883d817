import { createHash } from 'node:crypto'
import { maxManifestBytes } from '@kiroku/core/artifacts'
import { KirokuError } from '@kiroku/core/errors'
import type { OrganizationScope } from '../../http/scopes.ts'
import type { FilesService } from '../files/index.ts'
import type { ArtifactChanges, CommittedFiles } from './artifact-changes.repository.ts'
import type { ArtifactManifests, PendingManifest } from './artifact-manifests.repository.ts'
import type { StoredArtifact } from './artifact-row.ts'
import type { ArtifactsRepository, StoredFile } from './artifacts.repository.ts'
import { digestOf, type Manifest, mergeManifests, parseManifest } from './manifest.ts'

type Organization = Pick<OrganizationScope, 'organizationId'>

export type CommitOptions = {
  repository: ArtifactsRepository
  changes: ArtifactChanges
  lists: ArtifactManifests
  files: Pick<FilesService, 'offerByMd5' | 'keep' | 'openContent'>
}

/** So many contents are looked up by one statement. */
const askedAtOnce = 5000
/** So many missing files are named. */
const maxToldMissing = 5

/**
 * Makes a pending artifact a version, from the lists of files that came for it: the last one that is whole, or those of all
 * processes together, or what changed put over the version before. Every file must have come, with its size.
 */
export function createCommit({ repository, changes, lists, files }: CommitOptions) {
  const read = async (scope: Organization, sha256: string): Promise<Manifest> => {
    const opened = await files.openContent(scope, sha256)
    if (!opened) throw new KirokuError({ code: 'UNAVAILABLE', message: 'the list of files is gone; send it again' })
    const pieces: Buffer[] = []
    for await (const piece of opened.content) pieces.push(Buffer.from(piece))
    return parseManifest(Buffer.concat(pieces).toString())
  }

  const filesOfVersion = async (scope: Organization, id: string | null): Promise<Manifest['contents']> => {
    const base = id === null ? null : await repository.byId(scope, id)
    const list = base && (await repository.manifest(base))
    return list ? (await read(scope, list.sha256)).contents : {}
  }

  const whole = async (
    scope: Organization,
    manifests: readonly PendingManifest[],
    latestId: string | null,
  ): Promise<{ manifest: Manifest; isMerged: boolean }> => {
    const last = manifests.at(-1)
    if (!last)
      throw new KirokuError({ code: 'BAD_REQUEST', message: 'the list of the artifact’s files was not uploaded' })
    if (last.kind === 'full') return { manifest: await read(scope, last.sha256), isMerged: false }
    const parts: Manifest[] = []
    for (const { kind, sha256 } of manifests) if (kind === last.kind) parts.push(await read(scope, sha256))
    const base = last.kind === 'incremental' ? await filesOfVersion(scope, last.baseArtifactId ?? latestId) : {}
    return { manifest: mergeManifests(base, parts), isMerged: true }
  }

  const stored = async (scope: Organization, contents: Manifest['contents']): Promise<StoredFile[]> => {
    const uploaded = Object.values(contents).flatMap(({ digest, ref }) => (ref === undefined ? [digest] : []))
    const asked = [...new Set(uploaded)]
    const known = new Map<string, { sha256: string; size: number }>()
    for (let from = 0; from < asked.length; from += askedAtOnce)
      for (const [md5, blob] of await files.offerByMd5(scope, asked.slice(from, from + askedAtOnce)))
        known.set(md5, blob)
    const missing = Object.entries(contents).filter(([, { digest, ref }]) => ref === undefined && !known.has(digest))
    if (missing.length > 0) {
      const named = missing.slice(0, maxToldMissing).map(([path]) => path)
      const others = missing.length > named.length ? ` and ${missing.length - named.length} others` : ''
      throw new KirokuError({
        code: 'BAD_REQUEST',
        message: `the contents of ${named.join(', ')}${others} were not uploaded; log the artifact again`,
      })
    }
    return Object.entries(contents).map(([path, { digest, size, ref }]) => {
      const blob = ref === undefined ? known.get(digest) : undefined
      return { path, digest, size: blob?.size ?? size, sha256: blob?.sha256 ?? null, ref: ref ?? null }
    })
  }

  return async (scope: Organization, artifact: StoredArtifact): Promise<void> => {
    if (artifact.state === 'committed') return
    const { manifests, latestId } = await lists.list(scope, artifact.id)
    const { manifest, isMerged } = await whole(scope, manifests, latestId)
    const digest = digestOf(manifest.contents)
    if (!isMerged && digest !== artifact.digest)
      throw new KirokuError({
        code: 'BAD_REQUEST',
        message: `the files that were listed have the digest ${digest}, not ${artifact.digest} as was announced; log the artifact again`,
      })
    const text = Buffer.from(JSON.stringify(manifest))
    const md5 = createHash('md5').update(text).digest('base64')
    const kept = await files.keep(scope, once(text), { maxBytes: maxManifestBytes })
    const committed: CommittedFiles = {
      digest,
      files: await stored(scope, manifest.contents),
      manifest: { ...kept, md5 },
    }
    await changes.commit(scope, artifact.id, committed)
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
