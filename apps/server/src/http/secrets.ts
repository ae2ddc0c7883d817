import { createHash } from 'node:crypto'

/** SHA-256 of a key or a session token: all that is stored of it. They are random, so that no salt is needed. */
export function hashSecret(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest())
}
