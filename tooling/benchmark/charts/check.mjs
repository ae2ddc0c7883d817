import { decodeSeriesAnswer } from '@kiroku/core/series'

/**
 * Compares answers, each with its `range`, with the curves that were sent. Of each answer: `points`, how many it stands
 * for; `lost`, how many of its series lack the lowest or the highest point of what they stand for; `wrong`, how many of its
 * buckets have a false count, lowest, highest, first or last point, and how many of its points are others.
 */
export function checkAnswers(set, answers, curveOf) {
  const decoded = answers.map(({ range, bytes }) => ({ range, series: bytes ? decodeSeriesAnswer(bytes).series : [] }))
  const found = answers.map(() => ({ points: 0, lost: 0, wrong: 0 }))
  for (let run = 0; run < set.runs; run++) {
    const curve = curveOf(run)
    decoded.forEach(({ range, series }, index) => {
      const window = range
        ? { from: Math.ceil(range.from), to: Math.floor(range.to) }
        : { from: 0, to: curve.length - 1 }
      const { points, isWhole, wrong } = series[run] ? checkSeries(series[run], curve, window) : missing
      found[index].points += points
      found[index].lost += isWhole ? 0 : 1
      found[index].wrong += wrong
    })
  }
  return found
}

const missing = { points: 0, isWhole: false, wrong: 0 }

function checkSeries({ form, columns, count }, curve, window) {
  const { from, to } = form === 'points' ? window : extentOf(columns, window)
  const [lowest, highest] = form === 'points' ? [columns.y, columns.y] : [columns.minY, columns.maxY]
  const isWhole = lowestOf(lowest) === lowestOf(curve, from, to) && highestOf(highest) === highestOf(curve, from, to)
  const wrong =
    form === 'points'
      ? columns.x.filter((step, row) => step !== from + row || columns.y[row] !== curve[step]).length
      : wrongBuckets(columns, curve, { from, to })
  return { points: count, isWhole, wrong: count === to - from + 1 ? wrong : wrong + 1 }
}

/**
 * What buckets have to stand for: the window and, since the first and the last come whole, what these have beyond it. A
 * first bucket that ends before the window, or begins in it, has no right to another extent; nor has a last one.
 */
function extentOf({ firstX, lastX }, { from, to }) {
  const last = lastX.length - 1
  return {
    from: firstX[0] <= from && lastX[0] >= from ? firstX[0] : from,
    to: lastX[last] >= to && firstX[last] <= to ? lastX[last] : to,
  }
}

/** A bucket stands for every point from its first to its last, and the buckets together for every point of the extent. */
function wrongBuckets(columns, curve, { from, to }) {
  let wrong = 0
  let next = from
  for (let row = 0; row < columns.count.length; row++) {
    const [first, last] = [columns.firstX[row], columns.lastX[row]]
    const isRight =
      first === next &&
      columns.count[row] === last - first + 1 &&
      columns.firstY[row] === curve[first] &&
      columns.lastY[row] === curve[last] &&
      columns.minY[row] === lowestOf(curve, first, last) &&
      columns.maxY[row] === highestOf(curve, first, last) &&
      curve[columns.minX[row]] === columns.minY[row] &&
      curve[columns.maxX[row]] === columns.maxY[row]
    if (!isRight) wrong++
    next = last + 1
  }
  return next === to + 1 ? wrong : wrong + 1
}

function lowestOf(values, from = 0, to = values.length - 1) {
  let lowest = Number.POSITIVE_INFINITY
  for (let index = from; index <= to; index++) if (values[index] < lowest) lowest = values[index]
  return lowest
}

function highestOf(values, from = 0, to = values.length - 1) {
  let highest = Number.NEGATIVE_INFINITY
  for (let index = from; index <= to; index++) if (values[index] > highest) highest = values[index]
  return highest
}
