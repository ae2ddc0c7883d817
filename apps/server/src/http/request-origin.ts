import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]'])
const forwardingHeaders = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-prefix',
  'x-real-ip',
  'via',
]

/** Whether a `Host` header names this machine, with any port. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && loopbackNames.has(host.toLowerCase().replace(/:\d+$/, ''))
}

/** Whether the other end of the connection is this machine. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  return isIP(plain) === 4 ? plain.startsWith('127.') : plain === '::1'
}

/**
 * Whether a request comes from this machine by its own name and through nothing between. nginx, unless it is told otherwise, asks
 * by the name that it was given and adds no header. Up to release 1.29.6 it keeps no connection, as every browser does; what a page
 * behind it asks for names that page's address. But nothing tells a first request of a program through a newer one from one of here:
 * `docs/deployment.md` says what to do.
 */
export function isFromThisMachine(request: FastifyRequest): boolean {
  const { host, connection, origin, referer } = request.headers
  return (
    isLoopbackAddress(request.socket.remoteAddress) &&
    isLoopbackHost(host) &&
    request.raw.httpVersion === '1.1' &&
    connection?.toLowerCase() !== 'close' &&
    [origin, referer].every((page) => page === undefined || isLoopbackHost(hostOf(page) ?? undefined)) &&
    forwardingHeaders.every((header) => request.headers[header] === undefined)
  )
}

/**
 * Whether the browser marks a request as coming from another origin: its `Origin` is not the host that it asks, or its
 * `Sec-Fetch-Site` is neither `same-origin` nor `none`. A request without these headers is no browser's, or an old one's.
 */
export function isCrossOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers
  if (origin !== undefined && hostOf(origin) !== host?.toLowerCase()) return true
  const site = request.headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host
  } catch {
    return null
  }
}
