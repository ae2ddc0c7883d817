import type { WandbModule } from '../module.ts'

/** What lists that are read by pages have in common. */
export const pagingModule: WandbModule = {
  sdl: `
    type PageInfo { endCursor: String hasNextPage: Boolean! startCursor: String hasPreviousPage: Boolean }
  `,
  fields: {},
}
