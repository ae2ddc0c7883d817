import type { SeriesRequest } from '@kiroku/core/series'
import { useEffect, useState } from 'react'
import { type SeriesState, useSeries } from '../api/use-series.ts'
import type { Range } from '../chart/scale.ts'
import { withMargin } from '../chart/visible-part.ts'

/**
 * The series that a chart draws: all of them, or, where they come cut and the chart is zoomed, those of its range with a
 * margin. A zoomed chart whose series are exact as a whole needs nothing new: its lines lead to points out of view.
 */
export function useChartSeries(request: SeriesRequest | null, range: Range | null, isOnScreen: boolean): SeriesState {
  const [isCut, setIsCut] = useState(false)
  const whole = useSeries(request, isOnScreen && !(range !== null && isCut))
  const { answer, isOld } = whole
  const isNowCut = answer === undefined || isOld ? isCut : answer.series.some(({ form }) => form === 'buckets')
  useEffect(() => setIsCut(isNowCut), [isNowCut])

  const zoomedRequest =
    request === null || range === null || !isNowCut ? null : { ...request, ...withMargin(range, request.width) }
  const zoomed = useSeries(zoomedRequest, isOnScreen)
  if (range === null || !isNowCut) return whole
  return zoomed.answer === undefined ? { ...zoomed, answer, isOld: true } : zoomed
}
