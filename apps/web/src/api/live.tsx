'use client'
import { type LiveNotice, liveNoticeSchema } from '@kiroku/core/live'
import type { ProjectPath } from '@kiroku/core/projects'
import { routes } from '@kiroku/core/routes'
import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, use, useEffect, useState } from 'react'
import { createStore, type Store, useStore } from '../ui/store.ts'
import { markOutdated } from './outdated.ts'

/** What a listener hears: runs that moved, or that notices may have been missed. */
export type LiveEvent = { kind: 'moved'; notice: LiveNotice } | { kind: 'missed' }

type Live = { listen(listener: (event: LiveEvent) => void): () => void; isConnected: Store<boolean> }

const LiveContext = createContext<Live | null>(null)

/** Holds the one live stream of a project while its pages are open. */
export function LiveProvider({ organization, project, children }: ProjectPath & { children: ReactNode }): ReactNode {
  const client = useQueryClient()
  const [listeners] = useState(() => new Set<(event: LiveEvent) => void>())
  const [isConnected] = useState(() => createStore(true))
  const [live] = useState<Live>(() => ({
    isConnected,
    listen: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }))
  useEffect(() => {
    const tell = (event: LiveEvent): void => {
      markOutdated(client, event)
      for (const listener of listeners) listener(event)
    }
    return openStream({ organization, project }, tell, isConnected)
  }, [client, organization, project, listeners, isConnected])
  return <LiveContext value={live}>{children}</LiveContext>
}

function openStream(path: ProjectPath, tell: (event: LiveEvent) => void, isConnected: Store<boolean>): () => void {
  let source: EventSource | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  let wasOpen = false
  const open = (): void => {
    source = new EventSource(`${routes.live}?${new URLSearchParams(path)}`)
    source.addEventListener('open', () => {
      wasOpen = true
      isConnected.set(true)
      // What was asked for before may be older than the stream, which tells nothing that was before it.
      tell({ kind: 'missed' })
    })
    source.addEventListener('moved', (event) => {
      const notice = parseNotice(event.data)
      tell(notice === null ? { kind: 'missed' } : { kind: 'moved', notice })
    })
    source.addEventListener('error', () => {
      // A stream that never was, of a project that does not exist, is not one that was lost.
      if (wasOpen) isConnected.set(false)
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, 3000)
    })
  }
  open()
  return () => {
    isConnected.set(true)
    clearTimeout(retry)
    source?.close()
  }
}

function parseNotice(data: unknown): LiveNotice | null {
  try {
    return liveNoticeSchema.parse(JSON.parse(String(data)))
  } catch {
    return null
  }
}

/** Calls `listener` for live events of the project. Give a stable function. */
export function useLiveEvents(listener: (event: LiveEvent) => void): void {
  const live = use(LiveContext)
  useEffect(() => live?.listen(listener), [live, listener])
}

const alwaysConnected = createStore(true)

/** Whether notices arrive at the moment. */
export function useIsLive(): boolean {
  return useStore(use(LiveContext)?.isConnected ?? alwaysConnected, (value) => value)
}
