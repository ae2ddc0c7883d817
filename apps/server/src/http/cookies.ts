import type { FastifyRequest } from 'fastify'

const name = 'kiroku_session'
const maxAgeSeconds = 30 * 24 * 60 * 60

/** The session token of a request's cookie, or null. */
export function sessionTokenOf(request: FastifyRequest): string | null {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=')
    if (key === name && value && /^[A-Za-z0-9]{48}$/.test(value)) return value
  }
  return null
}

/** `Set-Cookie` for a session: kept from scripts and from other sites; for TLS alone where a proxy says so. */
export function sessionCookie(token: string, request: FastifyRequest): string {
  return `${name}=${token}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secureFlag(request)}`
}

/** `Set-Cookie` that ends the session in the browser. */
export function clearedCookie(request: FastifyRequest): string {
  return `${name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict${secureFlag(request)}`
}

function secureFlag(request: FastifyRequest): string {
  return request.headers['x-forwarded-proto'] === 'https' ? '; Secure' : ''
}
