import { expect, test } from 'vitest'
import { shortNames } from './panel-legend.tsx'

test('what all lines have in common is told once', () => {
  expect(shortNames(['GPU 0', 'GPU 1'])).toEqual({ kind: 'GPU', names: ['0', '1'] })
  expect(shortNames(['GPU 0, a', 'GPU 1, a'])).toEqual({ kind: null, names: ['GPU 0, a', 'GPU 1, a'] })
  expect(shortNames(['core 0', 'GPU 0'])).toEqual({ kind: null, names: ['core 0', 'GPU 0'] })
})
