'use client'
import { usePathname, useSearchParams } from 'next/navigation'
import { createContext, type ReactNode, use, useCallback, useEffect, useRef, useState } from 'react'
import { rememberView } from './last-views.ts'
import { defaultView, formatView, parseView, type View } from './view.ts'

type ViewChange = Partial<View> | ((view: View) => View)

type ViewState = { view: View; change: (change: ViewChange) => void }

const ViewContext = createContext<ViewState>({ view: defaultView, change: () => {} })

/** The address follows the view this much later, so that dragging a slider does not write it at every step. */
const writeDelayMs = 120

/** Keeps the page's view and its address the same. */
export function ViewProvider({ children }: { children: ReactNode }): ReactNode {
  const params = useSearchParams().toString()
  const path = usePathname()
  const [view, setView] = useState(() => parseView(new URLSearchParams(params)))
  const written = useRef(params)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)

  useEffect(() => {
    if (params === written.current) return
    written.current = params
    setView(parseView(new URLSearchParams(params)))
  }, [params])

  useEffect(() => () => clearTimeout(timer.current), [])
  useEffect(() => rememberView(path, params), [path, params])

  const change = useCallback((given: ViewChange): void => {
    setView((last) => {
      const next = typeof given === 'function' ? given(last) : { ...last, ...given }
      clearTimeout(timer.current)
      timer.current = setTimeout(() => {
        const text = formatView(next).toString()
        written.current = text
        window.history.replaceState(null, '', text === '' ? window.location.pathname : `?${text}`)
      }, writeDelayMs)
      return next
    })
  }, [])

  return <ViewContext value={{ view, change }}>{children}</ViewContext>
}

/** The page's view and how to change it. */
export function useView(): ViewState {
  return use(ViewContext)
}
