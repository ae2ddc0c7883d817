import { describe, expect, it } from 'vitest'
import { readExportName } from './export-address.ts'

describe('what is exported', () => {
  it.each([
    ['p', { project: 'p' }],
    ['o/p', { organization: 'o', project: 'p' }],
    ['o/p/r', { organization: 'o', project: 'p', run: 'r' }],
    ['p:r', { project: 'p', run: 'r' }],
    ['o/p:r', { organization: 'o', project: 'p', run: 'r' }],
    ['http://127.0.0.1:7700/o/p', { organization: 'o', project: 'p' }],
    ['https://tools.example/a/kiroku/o/p/runs/r', { organization: 'o', project: 'p', run: 'r' }],
    ['https://tools.example/kiroku/o/runs/runs/r', { organization: 'o', project: 'runs', run: 'r' }],
    ['https://kiroku.example/o/p/runs/runs', { organization: 'o', project: 'p', run: 'runs' }],
    ['https://kiroku.example/o/my%20p/runs/r?tab=logs', { organization: 'o', project: 'my p', run: 'r' }],
  ])('is written as %s', (text, name) => {
    expect(readExportName(text)).toEqual(name)
  })

  it.each(['o/p/r/x', 'o/p:r:x', ':r', 'https://kiroku.example'])('is not written as %s', (text) => {
    expect(() => readExportName(text)).toThrow(/names no/)
  })
})
