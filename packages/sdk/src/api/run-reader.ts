import type { Stream } from '@kiroku/core/history'
import { decodePoints } from '@kiroku/core/points'
import { type RunAddress, type RunText, runMetricsSchema, runTextSchema, textMetricSchema } from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import { fromWire } from '@kiroku/core/values'
import * as z from 'zod'
import type { ApiHttp } from './api-http.ts'
import {
  type HistoryOptions,
  type HistoryRow,
  type MetricColumn,
  mergeColumns,
  runtimeAt,
  type SystemRow,
  within,
} from './history-rows.ts'

const requestsAtOnce = 6
const textsAtOnce = 10_000

/** Reads what a run logged, exact and whole. */
export class RunReader {
  readonly #http: ApiHttp
  readonly #address: RunAddress

  constructor(http: ApiHttp, address: RunAddress) {
    this.#http = http
    this.#address = address
  }

  /** The rows that the script logged, by step. */
  async *history(options: HistoryOptions): AsyncGenerator<HistoryRow> {
    const { metrics, segments } = await this.#metrics()
    const texts = await this.#http.query('texts.metrics', this.#address, z.array(textMetricSchema))
    const isAsked = (name: string): boolean => options.metrics === undefined || options.metrics.includes(name)
    const numbers = metrics.filter(({ stream, name }) => stream === 'history' && isAsked(name))
    const columns = await inTurns([
      ...numbers.map(
        ({ name }) =>
          () =>
            this.#points(name, 'history'),
      ),
      ...texts
        .filter(({ metric }) => isAsked(metric))
        .map(
          ({ metric }) =>
            () =>
              this.#texts(metric, options),
        ),
    ])
    for (const { step, time, values } of mergeColumns(columns.map((column) => within(column, options)))) {
      const own = { _step: step, _runtime: runtimeAt(time, segments), _timestamp: time / 1000 }
      yield { ...Object.fromEntries(values), ...own }
    }
  }

  /** What was sampled of the machine, by time. */
  async *system(): AsyncGenerator<SystemRow> {
    const { metrics, segments } = await this.#metrics()
    const names = metrics.flatMap(({ stream, name }) => (stream === 'system' ? [name] : []))
    const columns = await inTurns(names.map((name) => () => this.#points(name, 'system')))
    for (const { time, values } of mergeColumns(columns)) {
      yield { ...Object.fromEntries(values), _runtime: runtimeAt(time, segments), _timestamp: time / 1000 }
    }
  }

  #metrics(): Promise<z.output<typeof runMetricsSchema>> {
    return this.#http.query('metrics.byRun', this.#address, runMetricsSchema)
  }

  async #points(name: string, stream: Stream): Promise<MetricColumn> {
    const search = new URLSearchParams({ ...this.#address, metric: name, stream })
    return { name, ...decodePoints(await this.#http.bytes(`${routes.points}?${search}`)) }
  }

  /** All texts of a metric: the last of them come first, until none is left before. */
  async #texts(metric: string, { minStep, maxStep }: HistoryOptions): Promise<MetricColumn> {
    const parts: RunText[][] = []
    for (let to = maxStep; ; ) {
      const input = {
        ...this.#address,
        metric,
        limit: textsAtOnce,
        ...(minStep !== undefined && { from: minStep }),
        ...(to !== undefined && { to }),
      }
      const part = await this.#http.query('texts.byRun', input, z.array(runTextSchema))
      parts.unshift(part)
      const [first] = part
      if (first === undefined || first.step === Number.MIN_SAFE_INTEGER) break
      to = first.step - 1
    }
    const texts = parts.flat()
    return {
      name: metric,
      steps: texts.map(({ step }) => step),
      times: texts.map(({ time }) => time),
      values: texts.map(({ value }) => fromWire(value)),
    }
  }
}

/** What the tasks answer, in their order; a few of them are under way at once. */
async function inTurns<T>(tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const answers = new Map<number, T>()
  let next = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < tasks.length; index = next++) {
      const task = tasks[index]
      if (task !== undefined) answers.set(index, await task())
    }
  }
  await Promise.all(Array.from({ length: Math.min(requestsAtOnce, tasks.length) }, work))
  return [...answers].sort(([left], [right]) => left - right).map(([, answer]) => answer)
}
