/**
 * The advisory locks of PostgreSQL that servers over one database share, by what they are for. A number that stood here for
 * two things would have these wait for each other. `migrations` is the one that `prisma migrate deploy` takes.
 */
export const lockIds = {
  migrations: 72707369,
  firstOwner: 72707370,
  storing: 72707371,
  purge: 72707372,
  rollups: 5_021_977_310,
  runChunks: 5_021_977_311,
} as const
