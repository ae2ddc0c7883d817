import {
  type Artifact,
  type ArtifactVersion,
  artifactDetailSchema,
  artifactFilesInputSchema,
  artifactFilesSchema,
  artifactLineageSchema,
  artifactListInputSchema,
  artifactListSchema,
  artifactVersionsInputSchema,
  artifactVersionsSchema,
  maxLineage,
  runTableTypes,
  versionAddressSchema,
} from '@kiroku/core/artifacts'
import { KirokuError } from '@kiroku/core/errors'
import { runAddressSchema } from '@kiroku/core/queries'
import { authorized, projectAt, router } from '../../http/trpc.ts'
import type { ArtifactRun, StoredArtifact } from './artifact-row.ts'
import type { Membership } from './artifacts.repository.ts'
import type { StoredCollection } from './collection-row.ts'

/** `artifacts.*`: what runs used and made, and the artifacts of a project with their versions and files. */
export const artifactsRouter = router({
  byRun: authorized
    .input(runAddressSchema)
    .output(artifactLineageSchema)
    .query(async ({ ctx: { identity, services }, input }) => {
      const scope = await projectAt({ identity, services }, input)
      const page = { limit: maxLineage }
      const inputs = await services.artifacts.byRun(scope, input.run, 'input', page)
      const outputs = await services.artifacts.byRun(scope, input.run, 'output', page)
      const usedBy = await services.artifacts.usedBy(outputs.artifacts)
      return {
        inputs: inputs.artifacts.map(describe),
        outputs: outputs.artifacts.map((artifact) => ({
          ...describe(artifact),
          usedBy: (usedBy.get(artifact.id)?.runs ?? []).map(reference),
        })),
        inputCount: inputs.total,
        outputCount: outputs.total,
      }
    }),

  list: authorized
    .input(artifactListInputSchema)
    .output(artifactListSchema)
    .query(async ({ ctx: { identity, services }, input }) => {
      const scope = await projectAt({ identity, services }, input)
      const { limit, cursor: after, type = null } = input
      const asked = { type, hidden: [...runTableTypes.keys()], after, limit }
      const { collections, total } = await services.artifacts.collections(scope, asked)
      return {
        artifacts: collections.flatMap((collection) => describeCollection(collection) ?? []),
        total,
        types: (await services.artifacts.types(scope)).map(({ type: name, count }) => ({ type: name, count })),
        nextCursor: collections.length === limit ? (collections.at(-1)?.name ?? null) : null,
      }
    }),

  versions: authorized
    .input(artifactVersionsInputSchema)
    .output(artifactVersionsSchema)
    .query(async ({ ctx: { identity, services }, input }) => {
      const scope = await projectAt({ identity, services }, input)
      const { limit, cursor: after } = input
      const collection = await services.artifacts.collection(scope, input.name)
      const artifact = collection && describeCollection(collection)
      if (!artifact) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no artifact ${input.name}` })
      const { versions } = await services.artifacts.versions(scope, collection, { after, limit })
      return {
        artifact,
        versions: versions.map(describeMember),
        nextCursor: versions.length === limit ? String(versions.at(-1)?.version ?? 0) : null,
      }
    }),

  byVersion: authorized
    .input(versionAddressSchema)
    .output(artifactDetailSchema)
    .query(async ({ ctx: { identity, services }, input }) => {
      const scope = await projectAt({ identity, services }, input)
      const member = await services.artifacts.requireVersion(scope, input.name, input.version)
      const { artifact } = member
      const used = (await services.artifacts.usedBy([artifact])).get(artifact.id)
      return {
        ...describeMember(member),
        description: artifact.description,
        metadata: artifact.metadata,
        tags: artifact.tags,
        usedBy: (used?.runs ?? []).map(reference),
        usedByCount: used?.total ?? 0,
      }
    }),

  files: authorized
    .input(artifactFilesInputSchema)
    .output(artifactFilesSchema)
    .query(async ({ ctx: { identity, services }, input }) => {
      const scope = await projectAt({ identity, services }, input)
      const { limit, cursor: after } = input
      const { artifact } = await services.artifacts.requireVersion(scope, input.name, input.version)
      const files = await services.artifacts.files(artifact, { after, limit })
      return {
        files: files.map(({ path, digest, size, sha256, ref }) => ({ path, digest, size, sha256, ref })),
        nextCursor: files.length === limit ? (files.at(-1)?.path ?? null) : null,
      }
    }),
})

const reference = ({ id, project, run, displayName }: ArtifactRun) => ({ id, project, run, displayName })

/** A version as it is called where it was made. */
function describe(artifact: StoredArtifact): ArtifactVersion {
  const { collectionId, project, name, type, version, aliases, digest, size, fileCount, createdAt, createdBy } =
    artifact
  const own = aliases.filter((alias) => alias.collectionId === collectionId).map(({ alias }) => alias)
  const maker = createdBy && reference(createdBy)
  return {
    project,
    name,
    type,
    version: version ?? 0,
    aliases: own,
    digest,
    size,
    fileCount,
    createdAt,
    createdBy: maker,
  }
}

/** A version as it is called in a collection. */
function describeMember({ artifact, collection, version, aliases }: Membership): ArtifactVersion {
  const { project, name } = collection
  return { ...describe(artifact), project, name, version, aliases }
}

function describeCollection(collection: StoredCollection): Artifact | undefined {
  const { name, type, description, isPortfolio, versionCount, latest } = collection
  if (latest === null) return undefined
  const { version, size, at } = latest
  const last = { latestVersion: version, latestSize: size, latestAt: at }
  return { name, type, description, isPortfolio, versionCount, ...last }
}
