import { createHash, randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { KirokuError } from '@kiroku/core/errors'
import type { TestRun } from './test-run.ts'

const wrong = (message: string): KirokuError => new KirokuError({ code: 'INTERNAL', message })

/** Numbers that JSON, text columns or single precision would not give back. */
const numbers = [1, -0, 0.1 + 0.2, Number.NaN, Infinity, -Infinity, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53]

/** Logs numbers and reads them back, each bit the same. */
export async function checkPoints(run: TestRun): Promise<string> {
  const first = run.seq + 1
  const values = Float64Array.from(numbers)
  const steps = Float64Array.from(numbers, (_, index) => index)
  const history = {
    seqs: steps.map((step) => first + step),
    steps,
    times: steps.map(() => Date.now()),
    metrics: [{ name: 'verify', rows: null, values }],
  }
  await run.send(numbers.length, { history })
  const stored = await run.client.points({ ...run.address, metric: 'verify' })
  const isSame =
    stored.values.length === values.length &&
    values.every((value, index) => Object.is(value, stored.values[index]) && stored.steps[index] === index)
  if (!isSame) throw wrong(`${[...values].join(' ')} came back as ${[...stored.values].join(' ')}`)
  return `${values.length} numbers came back bit by bit, NaN and the infinities among them`
}

const liveTimeoutMs = 10_000

/** Opens the live stream, logs a number, and waits for the notice. */
export async function checkLive(run: TestRun): Promise<string> {
  const { organization, project } = run.address
  const ending = new AbortController()
  const limit = AbortSignal.timeout(liveTimeoutMs)
  const signal = AbortSignal.any([ending.signal, limit])
  try {
    const { body } = await run.client.live({ organization, project }, signal)
    if (body === null) throw wrong('the live stream is empty')
    const reader = body.pipeThrough(new TextDecoderStream()).getReader()
    await readUntil(reader, ': connected')
    const sentAt = performance.now()
    const values = Float64Array.of(numbers.length)
    const history = { seqs: Float64Array.of(run.seq + 1), steps: values, times: Float64Array.of(Date.now()) }
    await run.send(1, { history: { ...history, metrics: [{ name: 'verify', rows: null, values }] } })
    await readUntil(reader, run.address.run)
    return `a logged number was told after ${Math.round(performance.now() - sentAt)} ms`
  } catch (error) {
    throw limit.aborted ? wrong(`nothing came on the live stream within ${liveTimeoutMs / 1000} s`) : error
  } finally {
    ending.abort()
  }
}

async function readUntil(reader: ReadableStreamDefaultReader<string>, sought: string): Promise<void> {
  for (let seen = ''; !seen.includes(sought); ) {
    const { done, value } = await reader.read()
    if (done) throw wrong('the live stream ended')
    seen += value
  }
}

/** Uploads a content, has the run own it, and reads it back. */
export async function checkFiles(run: TestRun): Promise<string> {
  const content = Uint8Array.from(randomBytes(256 * 1024))
  const sha256 = createHash('sha256').update(content).digest('hex')
  const [missing] = await run.client.missingContents([sha256])
  if (missing === undefined) throw wrong('the server says that it has a content that it cannot have')
  await run.client.putContent(sha256, content)
  const path = 'verify/random.bin'
  const facts = { path, sha256, size: content.length, mime: 'application/octet-stream' }
  await run.send(1, { updates: [{ type: 'file', seq: run.seq + 1, ...facts }] })
  const listed = await run.client.files(run.address)
  if (listed.find((file) => file.path === path)?.sha256 !== sha256) throw wrong('the file is not in the list of files')
  const read = await buffer(await run.client.fileContent(run.address, path))
  if (!read.equals(content)) throw wrong('the file came back with another content')
  return `${content.length / 1024} KiB went up and came back the same`
}

/** Sends printed lines, one of them twice as a progress bar does, and reads them back. */
export async function checkConsole(run: TestRun): Promise<string> {
  const first = run.seq + 1
  const line = { stream: 'stdout' as const, time: Date.now() }
  await run.send(3, {
    console: [
      { ...line, seq: first, line: 0, text: 'verify 日本語' },
      { ...line, seq: first + 1, line: 1, text: ' 10 %' },
      { ...line, seq: first + 2, line: 1, text: '100 %' },
    ],
  })
  const { lines, total } = await run.client.consoleLines(run.address)
  const texts = lines.map(({ text }) => text)
  if (total !== 2 || texts.join('\n') !== 'verify 日本語\n100 %')
    throw wrong(`the lines came back as ${JSON.stringify(texts)}`)
  return '2 lines came back'
}

/** As long as the longest batch that the SDK sends, and then some. */
const longBodyBytes = 5 * 1024 * 1024

/** Sends a body that proxies with small limits refuse. It repeats what the server has, so nothing of it is stored. */
export async function checkLongBody(run: TestRun): Promise<string> {
  const value = randomBytes((longBodyBytes * 3) / 4).toString('base64')
  const text = { seq: run.seq, step: 0, time: Date.now(), metric: 'verify/long', value }
  for (const bytes of [1024 * 1024 + 1, longBodyBytes]) {
    try {
      await run.sendAgain({ texts: [{ ...text, value: value.slice(0, bytes) }] })
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw wrong(`a body of ${(bytes / 1024 / 1024).toFixed(0)} MiB is refused: ${why}`)
    }
  }
  return `a body of ${longBodyBytes / 1024 / 1024} MiB gets through`
}
