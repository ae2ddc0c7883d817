import type { WandbModule } from '../module.ts'
import { globalId, numericId } from '../nodes.ts'
import { configDocument, summaryDocument } from '../run-documents.ts'

const isoTime = (ms: number): string => new Date(ms).toISOString()

/** What every operation may read of a run. Other topics add fields of their own. */
export const runModule: WandbModule = {
  sdl: `
    type Run {
      id: ID!
      projectId: ID
      name: String!
      displayName: String
      description: String
      notes: String
      tags: [String!]
      state: String
      group: String
      jobType: String
      commit: String
      host: String
      sweepName: String
      config: JSONString
      summaryMetrics: JSONString
      createdAt: DateTime
      heartbeatAt: DateTime
      stopped: Boolean
      readOnly: Boolean
      project: Project
      user: User
    }
  `,
  fields: {
    Run: {
      id: ({ run }) => globalId('Run', run.id),
      projectId: ({ scope }) => numericId(scope.projectId),
      name: ({ run }) => run.slug,
      displayName: ({ run }) => run.displayName,
      description: ({ run }) => run.notes,
      notes: ({ run }) => run.notes,
      tags: ({ run }) => run.tags,
      state: ({ run }) => run.state,
      group: ({ run }) => run.group,
      jobType: ({ run }) => run.jobType,
      commit: ({ run }) => run.git.commit ?? null,
      host: ({ run }) => run.host.hostname ?? null,
      sweepName: ({ run }) => run.sweep,
      config: ({ run }) => configDocument(run),
      summaryMetrics: ({ run }) => summaryDocument(run),
      createdAt: ({ run }) => isoTime(run.createdAt),
      heartbeatAt: ({ run }) => isoTime(run.heartbeatAt),
      stopped: ({ run }) => run.isStopAsked,
      readOnly: () => false,
      project: ({ scope }) => ({ scope }),
      // Runs are their organization's; clients cannot do without a user.
      user: ({ scope }) => ({
        id: globalId('Entity', scope.organizationId),
        name: scope.organization,
        username: scope.organization,
      }),
    },
  },
}
