import { KirokuError } from '@kiroku/core/errors'
import type { RunFile } from '@kiroku/core/files'
import { routes } from '@kiroku/core/routes'
import * as z from 'zod'
import { toFilePage } from '../../files/file-page.ts'
import { once } from '../../once.ts'
import type { WandbContext } from '../context.ts'
import { resolver, type WandbModule } from '../module.ts'
import { fileId, type RunNode, readFileId } from '../nodes.ts'

/** The most files of a page, and of a list of names or ids. */
const maxPage = 10_000

const pageSchema = z.object({
  names: z.array(z.string().nullable()).max(maxPage).nullish(),
  pattern: z.string().max(1024).nullish(),
  after: z.string().nullish(),
  first: z.number().int().min(1).max(maxPage, `a page has at most ${maxPage} files: per_page`).nullish(),
})
const deletedSchema = z.object({ input: z.object({ files: z.array(z.string()).min(1).max(maxPage) }) })

/** A run's files by pages, where their bytes are, and how some are deleted. */
export const runFileListModule: WandbModule = {
  sdl: `
    extend type Run {
      fileCount: Int
      files(names: [String], after: String, first: Int, pattern: String): RunFileConnection
    }
    type RunFileConnection { edges: [RunFileEdge!]! pageInfo: PageInfo! }
    type RunFileEdge { node: RunFile! cursor: String }
    type RunFile {
      id: ID!
      name: String!
      url(upload: Boolean): String
      directUrl: String
      sizeBytes: Int64
      mimetype: String
      updatedAt: DateTime
      md5: String
    }
    extend type Mutation {
      deleteFiles(input: DeleteFilesInput!): DeleteFilesPayload
      markRunFilesUploaded(input: MarkRunFilesUploadedInput!): MarkRunFilesUploadedPayload
    }
    input DeleteFilesInput { files: [ID!]! projectId: Int entityName: String projectName: String clientMutationId: String }
    type DeleteFilesPayload { success: Boolean clientMutationId: String }
    input MarkRunFilesUploadedInput {
      entityName: String
      projectName: String
      runName: String
      files: [String!]
      clientMutationId: String
    }
    type MarkRunFilesUploadedPayload { success: Boolean clientMutationId: String }
  `,
  fields: {
    Run: {
      fileCount: async ({ scope, run }: RunNode, _args, { services }) =>
        (await services.runFiles.list(scope, run.slug)).length,

      files: resolver(pageSchema, async (node: RunNode, query, context) => {
        const all = await context.services.runFiles.list(node.scope, node.run.slug)
        const { files, missing, endCursor, hasNextPage } = toFilePage(all, {
          names: query.names?.flatMap((name) => name ?? []),
          pattern: query.pattern,
          after: query.after,
          // A command that asks for all of them reads no second page.
          first: query.first ?? maxPage,
        })
        const { apiKey, origin, services } = context
        const maker = once(() => services.links.maker(apiKey, node.scope, node.run.slug))
        // Made for those alone that ask for it.
        const linkTo = async (path: string): Promise<string> => origin + (await maker())(path)
        const md5s = once(() => services.runFiles.md5s(node.scope, node.run.slug))
        const nodes = [
          ...files.map((file) => ({
            ...describeFile(node, file, context),
            directUrl: () => linkTo(file.path),
            md5: async () => (await md5s()).get(file.path) ?? null,
          })),
          ...missing.map((name) => describeMissing(node, name, context)),
        ]
        if (hasNextPage && !query.first)
          throw new KirokuError({ code: 'TOO_LARGE', message: `files: there are more than ${maxPage}; ask by pages` })
        return {
          edges: nodes.map((file) => ({ node: file, cursor: file.name })),
          pageInfo: { endCursor, hasNextPage },
        }
      }),
    },
    Mutation: {
      deleteFiles: resolver(deletedSchema, async (_source, { input }, { organization, services }) => {
        const byRun = new Map<string, string[]>()
        for (const id of input.files) {
          const { run, path } = readFileId(id) ?? {}
          if (run === undefined || path === undefined) throw noFile()
          byRun.set(run, [...(byRun.get(run) ?? []), path])
        }
        const found = await Promise.all([...byRun.keys()].map((id) => services.runs.byId(organization, id)))
        if (found.includes(null)) throw noFile()
        for (const place of found)
          if (place) await services.runFiles.detach(place.scope, place.run.slug, byRun.get(place.run.id) ?? [])
        return { success: true }
      }),
      // An upload counts when its bytes are there, so that nothing is left to be said.
      markRunFilesUploaded: () => ({ success: true }),
    },
  },
}

const noFile = (): KirokuError =>
  new KirokuError({ code: 'NOT_FOUND', message: 'deleteFiles: there is no file of this id' })

function urlOf({ scope, run }: RunNode, path: string, { origin }: WandbContext): string {
  const { organization, project } = scope
  return `${origin}${routes.files}?${new URLSearchParams({ organization, project, run: run.slug, path })}`
}

function describeFile(node: RunNode, file: RunFile, context: WandbContext) {
  return {
    id: fileId(node.run.id, file.path),
    name: file.path,
    url: urlOf(node, file.path, context),
    sizeBytes: file.size,
    mimetype: file.mime,
    updatedAt: new Date(file.createdAt).toISOString(),
  }
}

/** Clients that name a file get it, whether it is there or not, and tell by this MD5. */
function describeMissing(node: RunNode, name: string, context: WandbContext) {
  const url = urlOf(node, name, context)
  return {
    id: fileId(node.run.id, name),
    name,
    url,
    directUrl: url,
    sizeBytes: 0,
    mimetype: null,
    updatedAt: null,
    md5: '0',
  }
}
