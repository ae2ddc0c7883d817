import {
  collectionRecordsInputSchema,
  collectionRecordsSchema,
  importArtifactInputSchema,
  importedArtifactSchema,
  importedLineageSchema,
  importLineageInputSchema,
  lineageRecordsInputSchema,
  lineageRecordsSchema,
  versionRecordsInputSchema,
  versionRecordsSchema,
} from '@kiroku/core/artifact-records'
import { KirokuError } from '@kiroku/core/errors'
import { authorizeOrganization } from '../../http/scopes.ts'
import { authorized, projectAt, router } from '../../http/trpc.ts'

/** `artifactRecords.*`: artifacts as they go from one server to another. */
export const artifactRecordsRouter = router({
  collections: authorized
    .input(collectionRecordsInputSchema)
    .output(collectionRecordsSchema)
    .query(async ({ ctx, input }) => {
      const { limit, cursor: after } = input
      const collections = await ctx.services.artifacts.records.collections(await projectAt(ctx, input), {
        after,
        limit,
      })
      return { collections, nextCursor: collections.length === limit ? (collections.at(-1)?.name ?? null) : null }
    }),

  versions: authorized
    .input(versionRecordsInputSchema)
    .output(versionRecordsSchema)
    .query(async ({ ctx, input }) => {
      const scope = await projectAt(ctx, input)
      const { limit, cursor: after, name } = input
      const collection = await ctx.services.artifacts.collection(scope, name)
      if (!collection) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no artifact ${name}` })
      const page = { after, limit }
      const versions = await ctx.services.artifacts.records.versions(scope, collection.collectionId, page)
      return { versions, nextCursor: versions.length === limit ? String(versions.at(-1)?.version ?? 0) : null }
    }),

  lineage: authorized
    .input(lineageRecordsInputSchema)
    .output(lineageRecordsSchema)
    .query(async ({ ctx, input: { limit, cursor: after, ...address } }) =>
      ctx.services.artifacts.records.lineage(await projectAt(ctx, address), { after, limit }),
    ),

  import: authorized
    .input(importArtifactInputSchema)
    .output(importedArtifactSchema)
    .mutation(async ({ ctx: { identity, services }, input }) => {
      const organization = authorizeOrganization(identity, input.organization)
      return services.artifacts.import(await services.projects.ensure(organization, input.project), input)
    }),

  importLineage: authorized
    .input(importLineageInputSchema)
    .output(importedLineageSchema)
    .mutation(async ({ ctx, input }) => ({
      missing: await ctx.services.artifacts.importLineage(await projectAt(ctx, input), input.lineage),
    })),
})
