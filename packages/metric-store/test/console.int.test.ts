import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ConsoleQuery, MetricStore, RunKey, StoredLine } from '../src/index.ts'
import { engines, type TestStore } from './stores.ts'

const newRun = (): RunKey => ({ project: randomUUID(), run: randomUUID() })
const all: ConsoleQuery = { from: 0, limit: 5000 }

for (const { kind, open, isMissing } of engines) {
  describe.skipIf(isMissing)(`console lines on the ${kind} engine`, () => {
    let opened: TestStore
    let store: MetricStore

    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })

    afterAll(async () => {
      await opened[Symbol.asyncDispose]()
    })

    // ClickHouse sorts UUIDs by their second half first.
    const secondHalfFirst = (uuid: string): string => uuid.slice(19) + uuid.slice(0, 18)
    const writers: string[] = [randomUUID(), randomUUID()].sort((left, right) =>
      secondHalfFirst(left) < secondHalfFirst(right) ? -1 : 1,
    )
    const [first = '', second = ''] = writers
    const lineOf = (key: RunKey, line: number, part: Partial<StoredLine> = {}): StoredLine => ({
      ...key,
      writer: first,
      label: null,
      line,
      stream: 'stdout',
      time: 1000 + line,
      text: `line ${line}`,
      version: 1,
      ...part,
    })
    const textsOf = async (key: RunKey, query: Partial<ConsoleQuery> = {}): Promise<string[]> =>
      (await store.console(key, { ...all, ...query })).lines.map(({ text }) => text)

    test('come back as they went in', async () => {
      const key = newRun()
      const lines = [
        lineOf(key, 0, { text: '' }),
        lineOf(key, 1, {
          stream: 'stderr',
          text: 'it\'s \\ "quoted" `é` \t 記録 🙂 {x:String} -- /*',
          label: 'rank "0"',
        }),
        lineOf(key, 2 ** 40, { time: -5.4, text: '{"$n":"NaN"}' }),
      ]
      await store.insert([], [], lines)
      const [zero, one, far] = lines
      expect(await store.console(key, all)).toEqual({
        lines: [{ ...far, time: -5 }, zero, one],
        total: 3,
        labels: ['rank "0"'],
      })
    })

    test('are sorted by time, then writer, then number', async () => {
      const key = newRun()
      await store.insert(
        [],
        [],
        [
          lineOf(key, 1, { writer: second, time: 10, text: 'second 1' }),
          lineOf(key, 0, { writer: second, time: 10, text: 'second 0' }),
          lineOf(key, 5, { time: 10, text: 'first 5' }),
          lineOf(key, 6, { time: 9, text: 'first 6' }),
        ],
      )
      expect(await textsOf(key)).toEqual(['first 6', 'first 5', 'second 0', 'second 1'])
    })

    test('replace the line of their number when they are newer, and change nothing when they come again', async () => {
      const key = newRun()
      const bar = (text: string, version: number): StoredLine => lineOf(key, 0, { time: 1, text, version })
      await store.insert([], [], [bar('10 %', 2), bar('50 %', 2), lineOf(key, 0, { writer: second, text: 'other' })])
      await store.insert([], [], [bar('0 %', 1)])
      expect(await textsOf(key)).toEqual(['50 %', 'other'])
      await store.insert([], [], [bar('100 %', 3)])
      await store.insert([], [], [bar('10 %', 2), bar('50 %', 2)])
      expect(await textsOf(key)).toEqual(['100 %', 'other'])
      expect((await store.console(key, all)).total).toBe(2)
    })

    test('come a part at a time, with how many match in all', async () => {
      const key = newRun()
      await store.insert(
        [],
        [],
        Array.from({ length: 25 }, (_, line) => lineOf(key, line)),
      )
      expect(await store.console(key, { from: 20, limit: 10 })).toMatchObject({
        lines: [20, 21, 22, 23, 24].map((line) => ({ line })),
        total: 25,
      })
      expect(await textsOf(key, { from: 3, limit: 2 })).toEqual(['line 3', 'line 4'])
      expect(await store.console(key, { from: 25, limit: 10 })).toEqual({ lines: [], total: 25, labels: [] })
    })

    test('are found by a part of their text without regard to case, as it is written', async () => {
      const key = newRun()
      const texts = ['Loss: 0.1', 'LOSS', '100%', '1000', 'a_b', 'aXb', 'Größe ÄNDERN', "it's", '\\n']
      await store.insert(
        [],
        [],
        texts.map((text, line) => lineOf(key, line, { text })),
      )
      expect(await textsOf(key, { search: 'loss' })).toEqual(['Loss: 0.1', 'LOSS'])
      expect(await textsOf(key, { search: '0%' })).toEqual(['100%'])
      expect(await textsOf(key, { search: 'A_B' })).toEqual(['a_b'])
      expect(await textsOf(key, { search: 'ändern' })).toEqual(['Größe ÄNDERN'])
      expect(await textsOf(key, { search: "'" })).toEqual(["it's"])
      expect(await textsOf(key, { search: '\\' })).toEqual(['\\n'])
      expect(await textsOf(key, { search: '' })).toEqual(texts)
      expect(await store.console(key, { from: 1, limit: 1, search: 'loss' })).toMatchObject({
        lines: [{ text: 'LOSS' }],
        total: 2,
      })
    })

    test('are found across changes of colour, and not by what terminals alone read', async () => {
      const key = newRun()
      const texts = [
        'epoch \x1b[1;36mlo\x1b[0mss 0.1',
        '\x1b]8;;https://a.example\x07a link\x1b]8;;\x1b\\',
        'a\x08b\x1b[3',
      ]
      await store.insert(
        [],
        [],
        texts.map((text, line) => lineOf(key, line, { text })),
      )
      const found = async (search: string): Promise<number[]> =>
        (await store.console(key, { ...all, search })).lines.map(({ line }) => line)
      expect(await found('EPOCH LOSS 0.1')).toEqual([0])
      expect(await found('36m')).toEqual([])
      expect(await found('a link')).toEqual([1])
      expect(await found('a.example')).toEqual([])
      expect(await found('ab')).toEqual([2])
    })

    test('are found by the text that stands, not by one that was replaced', async () => {
      const key = newRun()
      await store.insert([], [], [lineOf(key, 0, { text: 'before' })])
      await store.insert([], [], [lineOf(key, 0, { text: 'after', version: 2 })])
      expect(await store.console(key, { ...all, search: 'before' })).toEqual({ lines: [], total: 0, labels: [] })
    })

    test('are told apart by label', async () => {
      const key = newRun()
      await store.insert(
        [],
        [],
        [lineOf(key, 0, { label: 'a', text: 'of a' }), lineOf(key, 1, { label: 'b', text: 'of b' }), lineOf(key, 2)],
      )
      expect(await textsOf(key, { label: 'b' })).toEqual(['of b'])
      expect(await textsOf(key, { label: 'nobody' })).toEqual([])
    })

    test('are read whole in chunks, each once and in order', async () => {
      const key = newRun()
      const count = 12_345
      const lines = Array.from({ length: count }, (_, line) =>
        lineOf(key, line, { writer: line % 2 === 0 ? first : second, time: Math.floor(line / 1000) }),
      )
      await store.insert([], [], lines)
      const read: StoredLine[] = []
      for await (const chunk of store.wholeConsole(key)) {
        expect(chunk.length).toBeLessThanOrEqual(5000)
        read.push(...chunk)
      }
      const place = ({ time, writer, line }: StoredLine): [number, number, number] => [
        time,
        writers.indexOf(writer),
        line,
      ]
      const sorted = [...lines].sort((left, right) => {
        const [a, b] = [place(left), place(right)]
        return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
      })
      expect(read).toEqual(sorted)
    })

    test('of one writer are read whole in chunks, by number', async () => {
      const key = newRun()
      const lines = Array.from({ length: 6001 }, (_, line) => lineOf(key, line, { time: 10_000 - line, label: 'a' }))
      await store.insert(
        [],
        [],
        [...lines, lineOf(key, 3, { text: 'again', version: 2 }), lineOf(key, 0, { writer: second })],
      )
      const read: StoredLine[] = []
      for await (const chunk of store.writerConsole({ ...key, writer: first })) {
        expect(chunk.length).toBeLessThanOrEqual(5000)
        read.push(...chunk)
      }
      expect(read).toEqual(
        lines.map((line) => (line.line === 3 ? lineOf(key, 3, { text: 'again', version: 2 }) : line)),
      )
      for await (const chunk of store.writerConsole({ ...key, writer: randomUUID() })) expect(chunk).toBe('nothing')
    })

    test('go with their run and leave other runs alone', async () => {
      const key = newRun()
      const other = { project: key.project, run: randomUUID() }
      await store.insert([], [], [lineOf(key, 0), lineOf(other, 0)])
      await store.deleteRun(key)
      expect(await store.console(key, all)).toEqual({ lines: [], total: 0, labels: [] })
      expect((await store.console(other, all)).total).toBe(1)
    })
  })
}
