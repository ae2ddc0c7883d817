import { gunzipSync } from 'node:zlib'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { sendFrame, shrinks } from './send-frame.ts'

const decimals = bytesOf((index) => Math.round(Math.sin(index) * 100) / 100)
const noise = bytesOf((index) => Math.sin(index * index) * Math.E)

function bytesOf(valueAt: (index: number) => number): Uint8Array {
  return new Uint8Array(Float64Array.from({ length: 100_000 }, (_, index) => valueAt(index)).buffer)
}

/** A frame in parts of many sizes. */
function partsOf(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let from = 0, size = 1; from < bytes.length; from += size, size = (size * 3) % 500_009)
    parts.push(bytes.subarray(from, from + size))
  return parts
}

async function ask(bytes: Uint8Array, headers: Record<string, string>) {
  const app = Fastify()
  app.get('/', (request, reply) => sendFrame(request, reply, partsOf(bytes)))
  const { rawPayload, headers: answered } = await app.inject({ url: '/', headers, remoteAddress: '127.0.0.1' })
  await app.close()
  return { payload: rawPayload, encoding: answered['content-encoding'] }
}

test('numbers with few digits shrink, noise and small answers do not', () => {
  expect(shrinks(partsOf(decimals))).toBe(true)
  expect(shrinks(partsOf(noise))).toBe(false)
  expect(shrinks([decimals.subarray(0, 1000)])).toBe(false)
})

test('a frame arrives whole, compressed only where that pays', async () => {
  const remote = { host: 'kiroku.example', 'accept-encoding': 'gzip, br' }
  const compressed = await ask(decimals, remote)
  expect(compressed.encoding).toBe('gzip')
  expect(compressed.payload.byteLength).toBeLessThan(decimals.byteLength / 2)
  expect(Buffer.compare(gunzipSync(compressed.payload), decimals)).toBe(0)
  for (const [bytes, headers] of [
    [noise, remote],
    [decimals, { host: 'kiroku.example' }],
    [decimals, { host: 'localhost:8080', 'accept-encoding': 'gzip' }],
  ] as const) {
    const plain = await ask(bytes, headers)
    expect(plain.encoding).toBeUndefined()
    expect(Buffer.compare(plain.payload, bytes)).toBe(0)
  }
})
