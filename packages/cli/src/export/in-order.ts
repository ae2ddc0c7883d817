/** Compares by code units: unlike a locale's order, the same everywhere. */
export const inOrder = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)
