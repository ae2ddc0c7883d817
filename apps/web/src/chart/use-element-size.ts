import { type RefObject, useEffect, useState } from 'react'
import type { ChartSize } from './draw-chart.ts'

/** The element's inner size in CSS pixels, followed as it changes; null until it is known. */
export function useElementSize(ref: RefObject<HTMLElement | null>): ChartSize | null {
  const [size, setSize] = useState<ChartSize | null>(null)
  useEffect(() => {
    const element = ref.current
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return
      const { width, height } = entry.contentRect
      setSize((last) => (last?.width === width && last.height === height ? last : { width, height }))
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref])
  return size
}

/** Whether the element is on screen or less than `margin` CSS pixels away from it. */
export function useIsNearScreen(ref: RefObject<HTMLElement | null>, margin = 200): boolean {
  const [isNear, setIsNear] = useState(false)
  useEffect(() => {
    const element = ref.current
    if (element === null) return
    const around = `${margin}px`
    // Pages scroll inside of themselves, where a root's margin does not reach.
    const options = { rootMargin: around, scrollMargin: around }
    const observer = new IntersectionObserver(([entry]) => setIsNear(entry?.isIntersecting ?? false), options)
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref, margin])
  return isNear
}
