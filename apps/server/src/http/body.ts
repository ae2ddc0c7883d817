import { KirokuError } from '@kiroku/core/errors'

/** The bytes of a request's body. Throws BAD_REQUEST when it came as another content type. */
export function readBytes(body: unknown, contentType: string): Uint8Array {
  if (body instanceof Uint8Array) return body
  throw new KirokuError({ code: 'BAD_REQUEST', message: `body: send it as content-type ${contentType}` })
}
