import type { WandbModule } from '../module.ts'

/** What lists that are read by pages have in common, and files, of which they are often made. */
export const pagingModule: WandbModule = {
  sdl: `
    type PageInfo { endCursor: String hasNextPage: Boolean! startCursor: String hasPreviousPage: Boolean }
    type File {
      id: ID!
      name: String!
      displayName: String
      url(upload: Boolean): String
      directUrl: String
      sizeBytes: Int64
      storagePath: String
      mimetype: String
      updatedAt: DateTime
      digest: String
      md5: String
    }
  `,
  fields: {},
}
