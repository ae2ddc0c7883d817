import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { pythonWith, runPython } from '../test/python.ts'
import { PointsFileWriter, type PointsPart, readPointsFile } from './points-file.ts'

vi.setConfig({ testTimeout: 120_000 })

const directory = mkdtempSync(join(tmpdir(), 'kiroku-points-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const python = pythonWith('pyarrow==26.0.1')
const far = Number.MAX_SAFE_INTEGER
const odd: PointsPart[] = [
  {
    stream: 'history',
    metric: 'μ/損失 "q" \u2028 🙂',
    steps: Float64Array.of(-far, -1, 0, 1, far - 1, far),
    times: Float64Array.of(-8.64e15, -1, 0, 1.7e12, 1.7e12 + 1, 8.64e15),
    values: Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 5e-324),
  },
  {
    stream: 'system',
    metric: 'cpu',
    steps: Float64Array.of(5),
    times: Float64Array.of(5),
    values: Float64Array.of(Number.NaN),
  },
]

async function write(name: string, parts: readonly PointsPart[]): Promise<string> {
  const path = join(directory, name)
  const writer = new PointsFileWriter(path)
  for (const part of parts) await writer.add(part)
  await writer.finish()
  expect(writer.count).toBe(parts.reduce((sum, { steps }) => sum + steps.length, 0))
  return path
}

async function read(path: string): Promise<PointsPart[]> {
  const parts: PointsPart[] = []
  for await (const part of readPointsFile(path)) parts.push(part)
  return parts
}

describe('a file of points', () => {
  it('gives back every point to the last bit', async () => {
    const parts = await read(await write('odd', odd))
    expect(parts).toEqual(odd)
    const bits = (values: Float64Array<ArrayBuffer>) => [...new BigUint64Array(values.buffer)]
    expect(parts.map(({ values }) => bits(values))).toEqual(odd.map(({ values }) => bits(values)))
    expect(await read(await write('empty', []))).toEqual([])
  })

  it('is read a row group at a time', async () => {
    const count = 600_000
    const whole = (scale: number) => Float64Array.from({ length: count }, (_, index) => index * scale)
    const [steps, times, values] = [whole(1), whole(13), whole(1 / 3)]
    const parts = await read(await write('long', [{ stream: 'history', metric: 'loss', steps, times, values }]))
    expect(parts.map((part) => part.steps.length)).toEqual([250_000, 250_000, 100_000])
    // A comparison element by element takes minutes.
    const bytesOf = (columns: readonly Float64Array<ArrayBuffer>[]): Buffer =>
      Buffer.concat(columns.map((column) => new Uint8Array(column.buffer, column.byteOffset, column.byteLength)))
    for (const [name, column] of Object.entries({ steps, times, values } as const)) {
      const read = bytesOf(
        parts.map((part) => (name === 'steps' ? part.steps : name === 'times' ? part.times : part.values)),
      )
      expect({ name, isSame: read.equals(bytesOf([column])) }).toEqual({ name, isSame: true })
    }
  })

  // Python or PyPI may be missing; `pythonWith` has said so then.
  it.skipIf(python === null)('is what pyarrow reads', async () => {
    const answer = z
      .object({ types: z.record(z.string(), z.string()), rows: z.array(z.array(z.unknown())) })
      .parse(JSON.parse(runPython(python ?? '', 'read-points.py', [await write('arrow', odd)])))
    expect(answer.types).toEqual({
      stream: 'string',
      metric: 'string',
      step: 'int64',
      time: 'timestamp[ms, tz=UTC]',
      value: 'double',
    })
    const hex = (value: number): string => {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleBE(value)
      return bytes.toString('hex')
    }
    const expected = odd.flatMap(({ stream, metric, steps, times, values }) =>
      [...steps].map((step, row) => [stream, metric, step, times[row], hex(values[row] ?? 0)]),
    )
    expect(answer.rows).toEqual(expected)
  })
})
