/**
 * The colours of runs. Chosen by search: of all sets with one colour near each twelfth of the hue circle and 3:1 against
 * both backgrounds, the one whose nearest two differ most to people with protanopia, deuteranopia and tritanopia alike.
 */
export const runPalette = [
  '#3060dc',
  '#d27d16',
  '#058b53',
  '#bc2e86',
  '#1e9bba',
  '#d43635',
  '#85995a',
  '#b971f3',
  '#736d03',
  '#ef5997',
  '#056f77',
  '#7965ae',
] as const

/** The palette's place for a run's id: FNV-1a, so that it is the same in every browser and on every page. */
export function colorSlot(id: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193)
  }
  return (hash >>> 0) % runPalette.length
}

/** The colour of a run that is seen by itself. */
export function runColor(id: string): string {
  return runPalette[colorSlot(id)] ?? runPalette[0]
}

/**
 * Colours for runs that are seen together, by id. Each has its own colour; where two clash the one that comes later in
 * `ids` moves to the next that is free. Give ids oldest first, so that a new run never changes another's colour.
 */
export function assignRunColors(ids: readonly string[]): ReadonlyMap<string, string> {
  const colors = new Map<string, string>()
  const taken = new Set<number>()
  for (const id of ids) {
    if (colors.has(id)) continue
    if (taken.size === runPalette.length) taken.clear()
    let slot = colorSlot(id)
    while (taken.has(slot)) slot = (slot + 1) % runPalette.length
    taken.add(slot)
    colors.set(id, runPalette[slot] ?? runPalette[0])
  }
  return colors
}
