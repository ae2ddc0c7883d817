import type { RunFile } from '@kiroku/core/files'

/** What a browser may show; everything else is saved. None of these runs anything, whatever its bytes are. */
const shownTypes = new Set([
  ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/bmp'],
  ...['audio/wav', 'audio/x-wav', 'audio/mpeg', 'audio/mp4', 'audio/ogg', 'audio/flac', 'audio/x-flac', 'audio/aac'],
  ...['audio/webm', 'audio/x-m4a', 'video/mp4', 'video/webm', 'video/ogg', 'video/quicktime'],
  ...['text/plain', 'application/json'],
])

/** The entity tag of a content. */
export function etagOf({ sha256 }: Pick<RunFile, 'sha256'>): string {
  return `"${sha256}"`
}

/** Whether an `If-None-Match` header names the tag: by itself, in a list, as weak, or as `*`. */
export function namesTag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.split(',').some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim()))
}

/**
 * The headers that a file is sent with. What a run says its file is, is believed only where a browser may show it; nothing
 * may run or be framed from it.
 */
export function headersOf(file: Pick<RunFile, 'path' | 'sha256' | 'mime'>): Record<string, string> {
  const [type = ''] = file.mime.toLowerCase().split(';')
  const isShown = shownTypes.has(type)
  const name = file.path.split('/').at(-1) ?? file.path
  return {
    etag: etagOf(file),
    'cache-control': 'private, no-cache',
    'content-type': isShown ? (type === 'text/plain' ? 'text/plain; charset=utf-8' : type) : 'application/octet-stream',
    'content-disposition': `${isShown ? 'inline' : 'attachment'}; ${fileNameParameters(name)}`,
    ...sandboxed,
  }
}

/** Headers of bytes that came from outside: nothing of them is guessed, run or allowed to load anything. */
export const sandboxed: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
}

/**
 * The headers that an HTML file is sent with where it is shown as the page that it is. It has an origin of its own, whatever
 * opens it: no cookie, nothing of Kiroku's pages and no network. Its own scripts run; it may be framed by Kiroku's pages alone.
 */
export function pageHeadersOf(file: Pick<RunFile, 'path' | 'sha256' | 'mime'>): Record<string, string> {
  return {
    ...headersOf(file),
    'content-type': 'text/html; charset=utf-8',
    'content-disposition': 'inline',
    'content-security-policy': [
      'sandbox allow-scripts',
      "default-src 'none'",
      "script-src 'unsafe-inline' 'unsafe-eval'",
      "style-src 'unsafe-inline'",
      'img-src data: blob:',
      'media-src data: blob:',
      'font-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'self'",
    ].join('; '),
    'x-frame-options': 'SAMEORIGIN',
    'referrer-policy': 'no-referrer',
  }
}

/** Whether a file is told to be HTML. */
export function isPage({ mime }: Pick<RunFile, 'mime'>): boolean {
  return mime.toLowerCase().split(';')[0] === 'text/html'
}

/** A name in `Content-Disposition`, in plain characters and, for all others, as RFC 5987 has it. */
export function fileNameParameters(name: string): string {
  const plain = name.replaceAll(/[^\w.\- ]/g, '_')
  const coded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `filename="${plain}"; filename*=UTF-8''${coded}`
}
