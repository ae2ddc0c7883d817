import { createStore, useStore } from '../ui/store.ts'

/** What the addresses of pages said after their `?` when the reader left them, by path. */
const searches = createStore<ReadonlyMap<string, string>>(new Map())

/** Keeps what a page's address says, so that the way back leads to what was seen. */
export function rememberView(path: string, search: string): void {
  if ((searches.get().get(path) ?? '') !== search) searches.set(new Map(searches.get()).set(path, search))
}

/** The page's address as the reader left it. */
export function addressOf(path: string): string {
  const search = searches.get().get(path) ?? ''
  return search === '' ? path : `${path}?${search}`
}

/** `addressOf`, followed as it changes. */
export function useAddressOf(path: string): string {
  useStore(searches, (all) => all.get(path))
  return addressOf(path)
}
