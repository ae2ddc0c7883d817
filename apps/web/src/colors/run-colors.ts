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
 * Colours for runs that are seen together, by id. Each has its own colour, or the one that it has in `kept`; where two
 * clash the one that comes later in `ids` moves to the next that fewest have. A kept colour gives way only where there
 * are colours for all.
 */
export function assignRunColors(
  ids: readonly string[],
  kept: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const palette: readonly string[] = runPalette
  const colors = new Map<string, string>()
  const uses = runPalette.map(() => 0)
  const isRoomy = new Set(ids).size <= runPalette.length
  const take = (id: string, slot: number): void => {
    colors.set(id, runPalette[slot] ?? runPalette[0])
    uses[slot] = (uses[slot] ?? 0) + 1
  }
  for (const id of ids) {
    const slot = palette.indexOf(kept.get(id) ?? '')
    if (slot >= 0 && !colors.has(id) && !(isRoomy && (uses[slot] ?? 0) > 0)) take(id, slot)
  }
  for (const id of ids) {
    if (colors.has(id)) continue
    const fewest = Math.min(...uses)
    let slot = colorSlot(id)
    while (uses[slot] !== fewest) slot = (slot + 1) % runPalette.length
    take(id, slot)
  }
  return colors
}

const keptColors = new Map<string, string>()

/** `assignRunColors` with the colours that the reader has seen already, which it keeps for all pages. */
export function keepRunColors(ids: readonly string[]): ReadonlyMap<string, string> {
  const colors = assignRunColors(ids, keptColors)
  for (const [id, color] of colors) keptColors.set(id, color)
  return colors
}

/** The colour in which the reader has last seen the run, or its own. */
export function keptRunColor(id: string): string {
  return keptColors.get(id) ?? runColor(id)
}
