import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** SHA-256 of a key or a session token: all that is stored of it. They are random, so that no salt is needed. */
export function hashSecret(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest())
}

/** A signature of a text, which nobody without the secret can make: HMAC with SHA-256. */
export function signText(secret: Uint8Array, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url')
}

/** Whether a signature is that of a text, told in a time that gives nothing away. */
export function isSignatureOf(secret: Uint8Array, text: string, signature: string): boolean {
  const [expected, given] = [Buffer.from(signText(secret, text)), Buffer.from(signature)]
  return expected.length === given.length && timingSafeEqual(expected, given)
}
