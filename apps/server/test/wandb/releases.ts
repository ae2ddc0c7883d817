/** One release of each protocol generation, the newest first. */
export const releases = ['0.31.0', '0.25.1', '0.22.3', '0.18.7'] as const

/** The last line of releases whose own Python sends, before the core in Go: what one script shows of it. */
export const pythonCore = '0.17.9'

/** All releases that something is shown with, the newest first. */
export const allReleases = [...releases, pythonCore] as const

export type Release = (typeof allReleases)[number]

/** Where what is shown does not differ among releases, it is shown with this one. */
export const newest = releases[0]

/** Where the protocol is the same in all of them, the first and the last show it. */
export const oldest = releases[3]
