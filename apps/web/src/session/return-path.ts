/** Where to go after signing in: the wanted path of this site, or the start page when it leads anywhere else. */
export function returnPath(next: string | null, origin: string): string {
  if (next === null || !URL.canParse(next, origin)) return '/'
  const url = new URL(next, origin)
  return url.origin === origin ? url.pathname + url.search : '/'
}
