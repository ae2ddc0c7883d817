import { maxLineage } from '@kiroku/core/artifacts'
import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import type { OrganizationScope } from '../../../http/scopes.ts'
import type { Membership, StoredArtifact, StoredCollection, StoredFile } from '../../artifacts/index.ts'
import { mimeOf } from '../files/index.ts'
import { artifactLinkPath } from '../wandb-routes.ts'
import type { WandbContext } from './context.ts'
import { type CollectionNode, globalId } from './nodes.ts'

/** The most that one page of a list has, and what it has when nothing is asked for. */
const maxPage = 10_000
const usualPage = 50

/** Arguments of a list that is read by pages: `after` is the `endCursor` of the page before. */
export const pageShape = {
  after: z.string().nullish(),
  first: z.number().int().min(1).nullish(),
}
export const pageSchema = z.object(pageShape)

/** What `pageShape` asks for. Pages are at most 10 000 long; clients see by `hasNextPage` that there is more. */
export function pageOf({ after, first }: z.infer<typeof pageSchema>): { after?: string; limit: number } {
  return { ...(after && { after }), limit: Math.min(first ?? usualPage, maxPage) }
}

/**
 * Those of the runs that used an artifact which are asked for: all of them where no number is, as clients do that read no second
 * page. Throws TOO_LARGE for what is beyond the `maxLineage` that are told.
 */
export function usingRuns<Run>(
  { runs, total }: { runs: readonly Run[]; total: number },
  { first, after }: z.infer<typeof pageSchema>,
): { runs: readonly Run[]; start: number; limit: number } {
  const start = Number(after ?? 0)
  const end = first ? start + first : total
  if (end > runs.length && total > runs.length)
    throw new KirokuError({
      code: 'TOO_LARGE',
      message: `usedBy: ${total} runs used the version; ask for the last ${maxLineage} of them at most, by first`,
    })
  return { runs: runs.slice(start, end), start, limit: first ?? maxLineage + 1 }
}

/** A page of a list; `cursorOf` tells where the page after an item begins. */
export function connection<Item, Node>(
  items: readonly Item[],
  {
    limit,
    total,
    cursorOf,
    nodeOf,
  }: {
    limit: number
    total: number
    cursorOf: (item: Item, index: number) => string
    nodeOf: (item: Item) => Node
  },
) {
  const edges = items.map((item, index) => ({ node: nodeOf(item), cursor: cursorOf(item, index) }))
  const endCursor = edges.at(-1)?.cursor ?? null
  return { totalCount: total, edges, pageInfo: { endCursor, hasNextPage: items.length === limit } }
}

/** A collection, as its kind has it. */
export const toCollectionNode = (organization: OrganizationScope, collection: StoredCollection): CollectionNode => ({
  __typename: collection.isPortfolio ? 'ArtifactPortfolio' : 'ArtifactSequence',
  organization,
  collection,
})

/** Versions of a collection, as edges that have the number there. */
export function versionEdges(
  organization: OrganizationScope,
  { versions, total }: { versions: readonly Membership[]; total: number },
  limit: number,
): object {
  const page = connection(versions, {
    limit,
    total,
    cursorOf: ({ version }) => String(version),
    nodeOf: ({ artifact }) => ({ organization, artifact }),
  })
  return {
    ...page,
    edges: page.edges.map((edge, index) => ({ ...edge, version: `v${versions[index]?.version}` })),
  }
}

/** Files of an artifact, by pages, or only those of some names. */
export async function fileConnection(
  { organization, artifact }: { organization: OrganizationScope; artifact: StoredArtifact },
  { names, ...asked }: z.infer<typeof pageSchema> & { names?: readonly string[] | null | undefined },
  { services, origin }: WandbContext,
) {
  const page = pageOf(asked)
  const paths = names && names.length > 0 ? { paths: names } : {}
  const files = await services.artifacts.files(artifact, { ...page, ...paths })
  const total = await services.artifacts.fileCount(artifact, paths.paths)
  const link = (path: string | null): string =>
    origin + artifactLinkPath(organization, { id: artifact.id, path, ...services.artifacts.sign(artifact, path) })
  return connection(files, {
    limit: page.limit,
    total,
    cursorOf: ({ path }) => path,
    nodeOf: (file) => fileNode(artifact, file, link(file.path)),
  })
}

function fileNode(artifact: StoredArtifact, { path, digest, size, ref, sha256 }: StoredFile, link: string) {
  const isElsewhere = sha256 === null
  return {
    id: Buffer.from(`File:${artifact.id}:${path}`).toString('base64'),
    name: path,
    displayName: path,
    url: isElsewhere ? ref : link,
    directUrl: isElsewhere ? (ref ?? '') : link,
    sizeBytes: size,
    storagePath: path,
    mimetype: mimeOf(path),
    updatedAt: new Date(artifact.createdAt).toISOString(),
    digest,
    md5: isElsewhere ? null : digest,
  }
}

/** `name:v3`, `name:alias` or `name`, which means its last version. */
export function parseVersionName(text: string): { name: string; version: string } {
  const [name = '', version = 'latest', ...more] = text.split(':')
  if (name === '' || version === '' || more.length > 0)
    throw new KirokuError({ code: 'BAD_REQUEST', message: `${text} is no artifact: write name:version or name:alias` })
  return { name, version }
}

/** A tag as the protocol has it. */
export const tagNode = (name: string) => ({ id: globalId('Artifact', `tag:${name}`), name, tagName: name })
