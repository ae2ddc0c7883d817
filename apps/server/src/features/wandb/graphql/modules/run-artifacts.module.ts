import * as z from 'zod'
import { connection, pageOf, pageShape } from '../artifact-nodes.ts'
import { type Resolver, resolver, type WandbModule } from '../module.ts'
import type { RunNode } from '../nodes.ts'

const pageSchema = z.object(pageShape)

const artifactsOf = (role: 'input' | 'output'): Resolver<RunNode> =>
  resolver(pageSchema, async ({ scope, run }: RunNode, asked, { organization, services }) => {
    const page = pageOf(asked)
    const { artifacts, total } = await services.artifacts.byRun(scope, run.slug, role, page)
    const start = Number(page.after ?? 0)
    return connection(artifacts, {
      limit: page.limit,
      total,
      cursorOf: (_artifact, index) => String(start + index + 1),
      nodeOf: (artifact) => ({ organization, artifact }),
    })
  })

/** What a run used and what it made. */
export const runArtifactsModule: WandbModule = {
  sdl: `
    extend type Run {
      inputArtifacts(after: String, first: Int): InputArtifactConnection
      outputArtifacts(after: String, first: Int): ArtifactConnection
    }
    type ArtifactConnection { totalCount: Int edges: [RunArtifactEdge!]! pageInfo: PageInfo! }
    type InputArtifactConnection { totalCount: Int edges: [RunArtifactEdge!]! pageInfo: PageInfo! }
    type RunArtifactEdge { node: Artifact cursor: String }
  `,
  fields: { Run: { inputArtifacts: artifactsOf('input'), outputArtifacts: artifactsOf('output') } },
}
