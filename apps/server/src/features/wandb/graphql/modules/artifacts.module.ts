import { KirokuError } from '@kiroku/core/errors'
import type { WandbModule } from '../module.ts'

/**
 * Artifacts, which there are not: clients that look for one find none, and those that make one are told so. A logged table is
 * sent as a file of the run besides, so that nothing of it is missing.
 */
export const artifactsModule: WandbModule = {
  sdl: `
    extend type Project { artifact(name: String!): Artifact }
    type Artifact { id: ID! artifactType: ArtifactType }
    type ArtifactType { id: ID! name: String! }
    extend type Mutation { createArtifact(input: CreateArtifactInput!): CreateArtifactPayload }
    type CreateArtifactPayload { artifact: Artifact clientMutationId: String }
    input CreateArtifactInput {
      aliases: [JSON!]
      artifactCollectionName: String
      artifactCollectionNames: [String!]
      artifactTypeName: String
      clientID: ID
      clientMutationId: String
      description: String
      digest: String
      digestAlgorithm: ArtifactDigestAlgorithm
      distributedID: String
      enableDigestDeduplication: Boolean
      entityName: String
      historyStep: Int64
      labels: JSONString
      metadata: JSONString
      projectName: String
      runName: String
      sequenceClientID: ID
      storageRegion: String
      tags: [JSON!]
      ttlDurationSeconds: Int64
    }
    enum ArtifactDigestAlgorithm { MANIFEST_MD5 }
  `,
  fields: {
    Project: { artifact: () => null },
    Mutation: {
      createArtifact: () => {
        throw new KirokuError({ code: 'BAD_REQUEST', message: 'Kiroku keeps no artifacts; files of runs are kept' })
      },
    },
  },
}
