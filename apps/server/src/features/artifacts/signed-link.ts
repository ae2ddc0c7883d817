import { createHmac, timingSafeEqual } from 'node:crypto'

/** How long a link works. Clients ask for links in thousands before they read the first. */
export const linkLifetimeMs = 24 * 60 * 60 * 1000

/** What a link gives to read: a file of an artifact, or with null its manifest, until `expires` (unix milliseconds). */
export type LinkedFile = { artifactId: string; path: string | null; expires: number }

/** Proves, by the artifact's own secret, that the server gave a link to the file. */
export function signLink(secret: Uint8Array, { artifactId, path, expires }: LinkedFile): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify([artifactId, path, expires]))
    .digest('base64url')
}

/** Whether the signature is that of the link, and the link works still. */
export function isSigned(secret: Uint8Array, link: LinkedFile, signature: string): boolean {
  const expected = Buffer.from(signLink(secret, link))
  const given = Buffer.from(signature)
  return link.expires > Date.now() && expected.length === given.length && timingSafeEqual(expected, given)
}
