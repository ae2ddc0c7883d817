import { deflateSync } from 'node:zlib'
import type { MediaValue } from '@kiroku/core/media'
import { batchOf, type Caller, postBatch, type TestRun, testRun, uploadBlob } from '@kiroku/testkit'

/** How many lines the talkative run printed, and which of them went to standard error. */
export const printedLines = 20_000
export const errorLine = 7_777

const start = 1_700_000_000_000
const esc = '\u001b'

/** What the talkative run printed at a line. */
export function printedText(line: number): string {
  if (line === errorLine) return 'Warning: the loss is not finite'
  if (line === printedLines - 1) return `${esc}[32mdone${esc}[0m in ${esc}[1m12.3 s${esc}[0m`
  return `epoch ${Math.floor(line / 1000)} batch ${line % 1000} ${esc}[36mloss${esc}[0m ${(2 / (1 + line / 500)).toFixed(4)}`
}

/** A run that printed `printedLines` lines and finished. */
export async function seedPrinted(caller: Caller, project: string): Promise<TestRun> {
  const run = await testRun(caller, { project, run: 'talkative', displayName: 'talkative run', startedAt: start })
  const size = 5000
  for (let from = 0; from < printedLines; from += size) {
    const console = Array.from({ length: size }, (_, index) => ({
      line: from + index,
      stream: from + index === errorLine ? ('stderr' as const) : ('stdout' as const),
      time: start + (from + index) * 10,
      text: printedText(from + index),
    }))
    await postBatch(caller, batchOf(run, { firstSeq: from + 1, console }))
  }
  const finish = { type: 'finish', state: 'finished', exitCode: 0, time: start + printedLines * 10 } as const
  await postBatch(caller, batchOf(run, { firstSeq: printedLines + 1, updates: [finish] }))
  return run
}

const patch = `diff --git a/train.ts b/train.ts
index 3b18e51..a8c2f0d 100644
--- a/train.ts
+++ b/train.ts
@@ -10,7 +10,8 @@ export function train(model: Model, data: Data): void {
   for (const batch of data) {
     const loss = model.step(batch)
-    run.log({ loss })
+    const gradient = model.gradientNorm()
+    run.log({ loss, gradient })
     if (Number.isNaN(loss)) break
   }
 }
`

const program = `import { init } from '@kiroku/sdk'

const run = init({ project: 'demo', config: { lr: 0.1 } })
for (let step = 0; step < 100; step++) run.log({ loss: 1 / (step + 1) })
await run.finish()
`

/** The files of the run with files: path, type and content. */
export const files = [
  { path: 'diff.patch', mime: 'text/plain', content: patch },
  { path: 'packages.json', mime: 'application/json', content: JSON.stringify({ typescript: '7.0.1', zod: '4.1.0' }) },
  { path: 'code/src/train.ts', mime: 'text/plain', content: program },
  { path: 'code/src/model.ts', mime: 'text/plain', content: 'export type Model = { step(batch: Batch): number }\n' },
  { path: 'weights.bin', mime: 'application/octet-stream', content: '\u0000\u0001' },
] as const

const crcTable = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc >>> 0
})

function chunk(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
  let crc = 0xffffffff
  for (const byte of body) crc = (crcTable[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8)
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 4)
  return framed
}

/** A grey PNG of `size` pixels squared; `shade` tells the brightness of a pixel from 0 to 1. */
export function pngOf(size: number, shade: (x: number, y: number) => number): Uint8Array<ArrayBuffer> {
  const raw = Buffer.alloc(size * (size + 1))
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) raw[y * (size + 1) + 1 + x] = Math.round(255 * Math.min(1, Math.max(0, shade(x, y))))
  const head = Buffer.alloc(13)
  head.writeUInt32BE(size, 0)
  head.writeUInt32BE(size, 4)
  head[8] = 8
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return new Uint8Array(
    Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(raw)), chunk('IEND', Buffer.alloc(0))]),
  )
}

/** The steps at which the run with media logged. */
export const mediaSteps = Array.from({ length: 40 }, (_, index) => index * 25)

const gaussian = (value: number, mean: number, width: number): number => Math.exp(-(((value - mean) / width) ** 2) / 2)

function histogramAt(step: number): MediaValue {
  const share = step / 1000
  const bins = Array.from({ length: 33 }, (_, index) => -4 + index * 0.25)
  const values = bins.slice(1).map((edge) => Math.round(1000 * gaussian(edge, 2 * share, 1.5 - share)))
  return { _type: 'histogram', bins, values }
}

type FileUpdate = { type: 'file'; path: string; mime: string; sha256: string; size: number }

async function upload(caller: Caller, path: string, mime: string, content: Uint8Array<ArrayBuffer> | string) {
  const blob = await uploadBlob(caller, content)
  return { type: 'file', path, mime, sha256: blob.sha256, size: blob.size } satisfies FileUpdate
}

/** A run with images, histograms, tables, texts and files, at `mediaSteps`; still running. */
export async function seedMedia(caller: Caller, project: string): Promise<TestRun> {
  const run = await testRun(caller, {
    project,
    run: 'media',
    displayName: 'run with media',
    git: { commit: 'c0ffee'.padEnd(40, '0'), branch: 'main', remote: 'git@git.example:team/demo.git', isDirty: true },
    host: { hostname: 'gpu-7', os: 'Linux 6.8', runtime: 'Node 24.1', cpuCount: 16, cpuModel: 'EPYC 7543' },
  })
  const updates: FileUpdate[] = []
  for (const { path, mime, content } of files) updates.push(await upload(caller, path, mime, content))
  const texts: { metric: string; step: number; time: number; value: MediaValue | string }[] = []
  const timeOf = (step: number): number => Date.now() - (1000 - step) * 1000
  for (const step of mediaSteps) {
    texts.push({ metric: 'weights/layer1', step, time: timeOf(step), value: histogramAt(step) })
    texts.push({ metric: 'note', step, time: timeOf(step), value: `note of ${step}` })
  }
  for (const step of mediaSteps.filter((one) => one % 250 === 0)) {
    const images = await Promise.all(
      [0, 1, 2, 3, 4, 5].map(async (digit) => {
        const shade = (x: number, y: number): number =>
          gaussian(Math.hypot(x - 14, y - 14), 5 + digit, 0.6 + (1000 - step) / 300)
        const update = await upload(caller, `media/digit-${step}-${digit}.png`, 'image/png', pngOf(28, shade))
        updates.push(update)
        const { path, sha256, size } = update
        return {
          _type: 'image-file',
          path,
          sha256,
          size,
          format: 'png',
          width: 28,
          height: 28,
          caption: `class ${digit}`,
        } as const
      }),
    )
    texts.push({ metric: 'samples', step, time: timeOf(step), value: { _type: 'images', images } })
    const large = await upload(
      caller,
      `media/field-${step}.png`,
      'image/png',
      pngOf(320, (x, y) => 0.5 + 0.5 * Math.sin(x / (8 + step / 50)) * Math.cos(y / 20)),
    )
    updates.push(large)
    const { path, sha256, size } = large
    texts.push({
      metric: 'field',
      step,
      time: timeOf(step),
      value: {
        _type: 'image-file',
        path,
        sha256,
        size,
        format: 'png',
        width: 320,
        height: 320,
        caption: `step ${step}`,
      },
    })
    const columns = ['id', 'text', 'score', 'is right']
    const data = Array.from({ length: 500 }, (_, row) => [
      row,
      `sentence ${row}`,
      row === 3 ? { $n: 'NaN' } : Math.abs(Math.sin(row + step)),
      row % 3 === 0,
    ])
    const table = await upload(
      caller,
      `media/table-${step}.json`,
      'application/json',
      JSON.stringify({ columns, data }),
    )
    updates.push(table)
    texts.push({
      metric: 'predictions',
      step,
      time: timeOf(step),
      value: {
        _type: 'table-file',
        path: table.path,
        sha256: table.sha256,
        size: table.size,
        columns,
        rows: data.length,
      },
    })
  }
  await postBatch(caller, batchOf(run, { texts, updates }))
  return run
}
