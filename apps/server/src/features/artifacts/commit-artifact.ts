import { createHash } from 'node:crypto'
import { maxManifestBytes } from '@kiroku/core/artifacts'
import { KirokuError } from '@kiroku/core/errors'
import type { OrganizationScope } from '../../http/scopes.ts'
import type { FilesService } from '../files/index.ts'
import type { ArtifactChanges } from './artifact-changes.repository.ts'
import type { ArtifactManifests, PendingManifest } from './artifact-manifests.repository.ts'
import type { StoredArtifact } from './artifact-row.ts'
import type { ArtifactsRepository } from './artifacts.repository.ts'
import type { CommittedFiles } from './committed-files.ts'
import { digestOf, type Manifest, mergeManifests } from './manifest.ts'
import { createVersionContents } from './version-contents.ts'

type Organization = Pick<OrganizationScope, 'organizationId'>

export type CommitOptions = {
  repository: ArtifactsRepository
  changes: ArtifactChanges
  lists: ArtifactManifests
  files: Pick<FilesService, 'offerByMd5' | 'keep' | 'openContent'>
}

/**
 * Makes a pending artifact a version, from the lists of files that came for it: the last one that is whole, or those of all
 * processes together, or what changed put over the version before. Every file must have come, with its size.
 */
export function createCommit({ repository, changes, lists, files }: CommitOptions) {
  const contents = createVersionContents(files)

  const read = async (scope: Organization, sha256: string): Promise<Manifest> => {
    const manifest = await contents.manifest(scope, sha256)
    if (manifest) return manifest
    throw new KirokuError({ code: 'UNAVAILABLE', message: 'the list of files is gone; send it again' })
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
      files: await contents.files(scope, manifest.contents),
      manifest: { ...kept, md5 },
    }
    await changes.commit(scope, artifact.id, committed)
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
