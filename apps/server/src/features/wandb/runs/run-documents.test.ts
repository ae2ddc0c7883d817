import type { WireRecord } from '@kiroku/core/values'
import { describe, expect, it } from 'vitest'
import { changedDefinitions } from './changed-definitions.ts'
import { mergeInternal } from './internal-config.ts'
import { writerOf } from './session.ts'
import { isSame, summaryChange } from './summary-change.ts'

describe('definitions', () => {
  it('are those that the last config did not have so', () => {
    const [loss, acc] = [
      { name: 'loss', overwrite: true },
      { name: 'acc', overwrite: true },
    ]
    expect(changedDefinitions([loss], [loss, acc])).toEqual([acc])
    expect(changedDefinitions([loss], [{ ...loss, hidden: true }])).toEqual([{ ...loss, hidden: true }])
  })
})

describe('the own part of a config', () => {
  it('keeps the processes, and the definitions where the next process has none', () => {
    const before: WireRecord = { e: { one: 1 }, m: [{ '1': 'loss' }], t: { '5': '1' } }
    expect(mergeInternal(before, { e: { two: 2 }, m: [], t: { '5': '2' } })).toEqual({
      e: { one: 1, two: 2 },
      m: [{ '1': 'loss' }],
      t: { '5': '2' },
    })
    expect(mergeInternal(before, { m: [{ '1': 'acc' }] })).toMatchObject({ m: [{ '1': 'acc' }] })
  })
})

describe('a writer', () => {
  it('is the same for the same process, and another for any other', () => {
    const writer = writerOf('project', 'run', { session: 1 })
    expect(writer).toMatch(/^[a-z0-9]{16}$/)
    expect(writerOf('project', 'run', { session: 1 })).toBe(writer)
    const others = [
      writerOf('project', 'run', { session: 2 }),
      writerOf('project', 'other', { session: 1 }),
      writerOf('other', 'run', { session: 1 }),
      writerOf('project', 'run', { client: '1' }),
    ]
    expect(new Set([writer, ...others]).size).toBe(5)
  })
})

describe('the change of a summary', () => {
  it('sets what differs and removes what is gone', () => {
    const before = new Map<string, WireRecord | number>([
      ['same', { a: 1, b: 2 }],
      ['gone', 1],
      ['$$price', 1],
    ])
    const after = new Map<string, WireRecord | number>([
      ['same', { b: 2, a: 1 }],
      ['new', 2],
    ])
    expect(summaryChange(before, after)).toEqual({ set: { new: 2 }, unset: ['gone', '$price'] })
  })

  it('leaves media that are kept in another form than the one in which they are told of', () => {
    const file = { path: 'media/a.png', sha256: 'a'.repeat(64), size: 5, format: 'png', width: 2, height: 3 }
    const kept: WireRecord = { _type: 'images', images: [{ _type: 'image-file', ...file }] }
    const told: WireRecord = { _type: 'images/separated', filenames: ['media/a.png'] }
    expect(summaryChange(new Map([['pics', kept]]), new Map([['pics', told]]))).toEqual({ set: {}, unset: [] })
    const other = { ...told, filenames: ['media/b.png'] }
    expect(summaryChange(new Map([['pics', kept]]), new Map([['pics', other]])).set).toEqual({ pics: other })
  })

  it('tells lists from records', () => {
    expect(isSame([1], { 0: 1 })).toBe(false)
    expect(isSame([1, [2]], [1, [2]])).toBe(true)
    expect(isSame(null, {})).toBe(false)
    expect(isSame(undefined, 1)).toBe(false)
  })
})
