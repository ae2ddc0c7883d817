import type { SeriesRequest } from '@kiroku/core/series'
import { useEffect, useMemo, useState } from 'react'
import { type SeriesState, useSeries } from '../api/use-series.ts'
import { withPointsAround } from '../chart/points-around.ts'
import type { Range } from '../chart/scale.ts'
import { withMargin } from '../chart/visible-part.ts'

/**
 * The series that a chart draws: all of them, or, where they come cut and the chart is zoomed, those of its range with a
 * margin. A zoomed chart whose series are exact as a whole needs nothing new: its lines lead to points out of view, as
 * those of its exact series do beside cut ones.
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
  const zoomedAnswer = zoomed.answer
  const joined = useMemo(
    () => (zoomedAnswer === undefined || answer === undefined ? zoomedAnswer : withPointsAround(zoomedAnswer, answer)),
    [zoomedAnswer, answer],
  )
  if (range === null || !isNowCut) return whole
  return joined === undefined ? { ...zoomed, answer, isOld: true } : { ...zoomed, answer: joined }
}
