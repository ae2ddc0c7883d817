/** What is believed of a function at a place: normally distributed. */
export type Belief = { mean: number; deviation: number }

/** A function as far as it was seen: `at` tells what is believed of it elsewhere. */
export type GaussianProcess = { at(point: readonly number[]): Belief; likelihood: number }

type Shape = { lengths: readonly number[]; noise: number }

/** Which dimensions have categories: two different ones are one unit apart, whichever they are. */
type Categories = readonly boolean[]

/**
 * Fits a Gaussian process with a Matérn 5/2 kernel to values seen at points of a unit cube (Rasmussen and Williams, Gaussian
 * Processes for Machine Learning, 2.1 and 4.2), some of whose dimensions may have numbers of categories instead. Lengths of each
 * dimension and the noise are those of a few that make what was seen the likeliest. Deterministic; the cost grows with the cube of
 * the number of points.
 */
export function fitGaussianProcess(
  points: readonly (readonly number[])[],
  values: readonly number[],
  categories: Categories,
): GaussianProcess {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) || 1
  const scaled = values.map((value) => (value - mean) / spread)
  const fit = (shape: Shape): GaussianProcess | null => condition(points, scaled, shape, categories)
  const best = chooseShape(points[0]?.length ?? 0, (shape) => fit(shape)?.likelihood ?? Number.NEGATIVE_INFINITY)
  const process = fit(best) ?? { at: () => ({ mean: 0, deviation: 1 }), likelihood: Number.NEGATIVE_INFINITY }
  return {
    likelihood: process.likelihood,
    at(point) {
      const belief = process.at(point)
      return { mean: mean + spread * belief.mean, deviation: spread * belief.deviation }
    },
  }
}

/** One length for all dimensions first, then each dimension's by itself. */
function chooseShape(dimensions: number, likelihoodOf: (shape: Shape) => number): Shape {
  let best: Shape = { lengths: new Array<number>(dimensions).fill(0.4), noise: 1e-4 }
  let likelihood = Number.NEGATIVE_INFINITY
  const consider = (shape: Shape): void => {
    const found = likelihoodOf(shape)
    if (found > likelihood) [best, likelihood] = [shape, found]
  }
  for (const length of [0.1, 0.2, 0.4, 0.8, 1.6])
    for (const noise of [1e-6, 1e-3, 1e-1]) consider({ lengths: new Array<number>(dimensions).fill(length), noise })
  if (dimensions > 1 && dimensions <= 12)
    for (let dimension = 0; dimension < dimensions; dimension++)
      for (const factor of [0.5, 2, 4])
        consider({
          ...best,
          lengths: best.lengths.map((length, index) => (index === dimension ? length * factor : length)),
        })
  return best
}

function kernel(
  left: readonly number[],
  right: readonly number[],
  lengths: readonly number[],
  categories: Categories,
): number {
  let squared = 0
  for (let index = 0; index < lengths.length; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    const apart = categories[index] && difference !== 0 ? 1 : difference
    squared += (apart / (lengths[index] ?? 1)) ** 2
  }
  const distance = Math.sqrt(5 * squared)
  return (1 + distance + (distance * distance) / 3) * Math.exp(-distance)
}

/** The process given what was seen, of mean 0 and deviation 1; null where rounding leaves its matrix without a root. */
function condition(
  points: readonly (readonly number[])[],
  values: readonly number[],
  { lengths, noise }: Shape,
  categories: Categories,
): GaussianProcess | null {
  const root = choleskyRoot(points.length, (row, column) => {
    const covariance = kernel(points[row] ?? [], points[column] ?? [], lengths, categories)
    return row === column ? covariance + noise + 1e-8 : covariance
  })
  if (!root) return null
  const whitened = forward(root, values)
  const weights = backward(root, whitened)
  const logDeterminant = root.reduce((sum, row, index) => sum + Math.log(row[index] ?? 1), 0)
  const fit = whitened.reduce((sum, value) => sum + value * value, 0)
  return {
    likelihood: -fit / 2 - logDeterminant,
    at(point) {
      const covariances = points.map((seen) => kernel(point, seen, lengths, categories))
      const mean = covariances.reduce((sum, covariance, index) => sum + covariance * (weights[index] ?? 0), 0)
      const explained = forward(root, covariances).reduce((sum, value) => sum + value * value, 0)
      return { mean, deviation: Math.sqrt(Math.max(1e-12, 1 - explained)) }
    },
  }
}

/** The lower triangle whose product with its transpose is the matrix; null where the matrix is not positive. */
function choleskyRoot(size: number, entry: (row: number, column: number) => number): Float64Array[] | null {
  const root: Float64Array[] = []
  for (let row = 0; row < size; row++) {
    const current = new Float64Array(row + 1)
    root.push(current)
    for (let column = 0; column <= row; column++) {
      const other = root[column] ?? current
      let sum = entry(row, column)
      for (let index = 0; index < column; index++) sum -= (current[index] ?? 0) * (other[index] ?? 0)
      if (row === column) {
        if (!(sum > 0)) return null
        current[column] = Math.sqrt(sum)
      } else current[column] = sum / (other[column] ?? 1)
    }
  }
  return root
}

function forward(root: readonly Float64Array[], values: readonly number[]): Float64Array {
  const solved = new Float64Array(values.length)
  root.forEach((row, index) => {
    let sum = values[index] ?? 0
    for (let column = 0; column < index; column++) sum -= (row[column] ?? 0) * (solved[column] ?? 0)
    solved[index] = sum / (row[index] ?? 1)
  })
  return solved
}

function backward(root: readonly Float64Array[], values: Float64Array): Float64Array {
  const solved = Float64Array.from(values)
  for (let index = root.length - 1; index >= 0; index--) {
    const row = root[index]
    const value = (solved[index] ?? 0) / (row?.[index] ?? 1)
    solved[index] = value
    for (let column = 0; column < index; column++) solved[column] = (solved[column] ?? 0) - (row?.[column] ?? 0) * value
  }
  return solved
}
