import { describe, expect, it } from 'vitest'
import { RecordedRun } from '../test/recorded-run.ts'
import { definitionOf } from './define-metric.ts'
import { startRun } from './init.ts'
import { checkOptions } from './known-options.ts'

/** What a script without types may give. */
const given = (options: object): object => options

describe('options that do not exist', () => {
  it('are told with the name that was meant', () => {
    expect(() => definitionOf('val', given({ step_metric: 'epoch' }))).toThrow(
      'defineMetric: there is no option `step_metric`; it is called `stepMetric`',
    )
    expect(() => startRun(given({ mode: 'disabled', job_type: 'eval' }))).toThrow('it is called `jobType`')
  })

  it('are told with all that there are when none is alike', () => {
    expect(() => startRun(given({ mode: 'disabled', entity: 'team' }))).toThrow(
      /^init: there is no option `entity`; there are project, id, name, .*console$/,
    )
  })

  it('nor is there a step metric that is many', () => {
    expect(() => definitionOf('val', { stepMetric: 'x/*' })).toThrow('stepMetric: `x/*` is not one metric')
    expect(() => definitionOf('val', { stepMetric: { name: '*' } })).toThrow('is not one metric')
  })

  it('do no harm where they are undefined', () => {
    expect(() => startRun(given({ mode: 'disabled', entity: undefined }))).not.toThrow()
  })

  it.each([['a text'], [3], [null], [['list']]])('%j is no record of options', (options) => {
    expect(() => Reflect.apply(checkOptions, undefined, ['init', options, { id: true }])).toThrow(
      'init: options are a record such as { id: ... }',
    )
  })

  it('are told of log(), whose step is no argument of its own', () => {
    using recorded = new RecordedRun()
    expect(() => Reflect.apply(recorded.run.log, recorded.run, [{ a: 1 }, 200])).toThrow('log(row, { step: 100 })')
    expect(() => Reflect.apply(recorded.run.log, recorded.run, [])).toThrow('not undefined')
  })
})
