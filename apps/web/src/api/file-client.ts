import type { RunAddress } from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import { errorOf } from './series-client.ts'

/** The address of one of a run's files. */
export function fileUrl({ organization, project, run }: RunAddress, path: string): string {
  return `${routes.files}?${new URLSearchParams({ organization, project, run, path })}`
}

/** The address of an HTML file as a page of no origin, for a frame. */
export function pageUrl(address: RunAddress, path: string): string {
  return `${fileUrl(address, path)}&as=page`
}

/** Resolves when a file can be had. Throws `KirokuError` with the server's answer when it cannot. */
export async function checkFile(url: string, signal: AbortSignal): Promise<true> {
  const response = await fetch(url, { signal, headers: { range: 'bytes=0-0' } })
  // An empty file has no first byte.
  if (!response.ok && response.status !== 416) throw await errorOf(response)
  await response.body?.cancel()
  return true
}

/** The beginning of a text: all of it, or the first `mostBytes`. */
export type FileText = { text: string; isCut: boolean }

/** Reads a file as UTF-8, no more than `mostBytes` of it. Throws `KirokuError` with the server's answer when it fails. */
export async function fetchFileText(url: string, mostBytes: number, signal: AbortSignal): Promise<FileText> {
  const response = await fetch(url, { signal })
  if (!response.ok || response.body === null) throw await errorOf(response)
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let [text, size] = ['', 0]
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return { text: text + decoder.decode(), isCut: false }
    const room = mostBytes - size
    text += decoder.decode(value.subarray(0, room), { stream: true })
    size += value.length
    if (value.length > room) {
      await reader.cancel()
      return { text, isCut: true }
    }
  }
}
