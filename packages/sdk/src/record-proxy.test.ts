import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { RecordedRun } from '../test/recorded-run.ts'
import { forwardingProxy } from './record-proxy.ts'

it('is printed with what it has', () => {
  using recorded = new RecordedRun()
  const { run } = recorded
  run.config['lr'] = 0.1
  run.log({ loss: 1, val: { accuracy: 0.5 } })
  expect(inspect(run.config)).toBe('{ lr: 0.1 }')
  expect(inspect(run.summary)).toBe("{ loss: 1, 'val.accuracy': 0.5 }")
  expect(inspect(run.summary['val'])).toBe('{ accuracy: 0.5 }')
  expect(inspect(forwardingProxy(() => run.summary))).toBe(inspect(run.summary))
  expect(Reflect.ownKeys(run.summary)).toEqual(['loss', 'val.accuracy'])
})
