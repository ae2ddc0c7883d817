/** Points in a bucket of the lowest level; one of each level above has `levelFactor` times as many. */
export const smallestBucket = 256
const levelFactor = 4
export const levelCount = 8

/** In the place of a level: the one bucket of a whole series, with what is known of it. */
export const wholeLevel = 255

/** Points in a full bucket of a level. */
export const pointsOfLevel = (level: number): number => smallestBucket * levelFactor ** level
