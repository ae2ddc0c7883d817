import type { ByteRange } from './blob-storage.ts'

/**
 * What a `Range` header asks for of a content of `size` bytes: one stretch, or `none` where nothing of the content lies in it.
 * Undefined, which is the whole, for no header, another unit, several stretches and what is no range.
 */
export function readRange(header: string | undefined, size: number): ByteRange | 'none' | undefined {
  const [, start = '', end = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? []
  if (start === '' && end === '') return undefined
  const range =
    start === ''
      ? { start: Math.max(0, size - Number(end)), end: size - 1 }
      : { start: Number(start), end: end === '' ? size - 1 : Math.min(Number(end), size - 1) }
  if (start !== '' && end !== '' && Number(end) < Number(start)) return undefined
  return range.start > range.end ? 'none' : range
}
