import { useSyncExternalStore } from 'react'

/** A value outside React that components read with `useStore`. */
export type Store<T> = {
  get(): T
  set(value: T): void
  subscribe(listener: () => void): () => void
}

/** Makes a store. Setting the same value again tells nobody. */
export function createStore<T>(initial: T): Store<T> {
  let current = initial
  const listeners = new Set<() => void>()
  return {
    get: () => current,
    set: (value) => {
      if (Object.is(value, current)) return
      current = value
      for (const listener of listeners) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The store's value, or a part of it; the component renders again only when that part changes. */
export function useStore<T, U>(store: Store<T>, select: (value: T) => U): U {
  const read = (): U => select(store.get())
  return useSyncExternalStore(store.subscribe, read, read)
}
