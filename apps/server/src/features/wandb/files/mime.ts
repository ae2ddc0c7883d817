import mime from 'mime'

/** The MIME type that a file's name tells; bytes of no known kind otherwise. */
export function mimeOf(path: string): string {
  if (/\.(?:log|patch|ya?ml|py|toml|cfg|ini|sh)$/i.test(path)) return 'text/plain'
  return mime.getType(path) ?? 'application/octet-stream'
}
