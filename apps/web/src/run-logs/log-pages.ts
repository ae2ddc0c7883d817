/** Lines are asked for in pages of this many. */
export const linesPerPage = 500

/**
 * The most lines that one scrolls through: browsers know no taller elements than some 30 million pixels. Of more the last
 * are shown, and the page says so.
 */
export const mostLines = 1_000_000

/** The pages that lines `from` to `to` (excluded) of `total` are on. */
export function pagesOf(from: number, to: number, total: number): number[] {
  const first = Math.floor(Math.max(0, from) / linesPerPage)
  const last = Math.floor((Math.min(to, total) - 1) / linesPerPage)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

/** What a scroll tells of the reader: at the end they follow it, moving up they look at something else. */
export function followsAfter(
  isFollowing: boolean,
  before: { top: number; height: number },
  now: { top: number; height: number; viewHeight: number },
): boolean {
  if (now.top + now.viewHeight >= now.height - 8) return true
  // A list that became shorter moves by itself.
  return isFollowing && !(now.top < before.top - 1 && now.height >= before.height)
}
