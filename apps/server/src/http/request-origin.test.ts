import { describe, expect, it } from 'vitest'
import { isLoopbackAddress, isLoopbackHost } from './request-origin.ts'

describe('this machine', () => {
  it.each(['localhost', 'LOCALHOST:80', '127.0.0.1:8080', '[::1]', '[::1]:8080'])('is the host %s', (host) => {
    expect(isLoopbackHost(host)).toBe(true)
  })

  it.each([
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.0.1',
    'localhost:80:80',
  ])('is not the host %s', (host) => {
    expect(isLoopbackHost(host)).toBe(false)
  })

  it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('is the address %s', (address) => {
    expect(isLoopbackAddress(address)).toBe(true)
  })

  it.each([undefined, '', '10.0.0.1', '::ffff:10.0.0.1', '::2', '127.0.0.1.evil'])(
    'is not the address %s',
    (address) => {
      expect(isLoopbackAddress(address)).toBe(false)
    },
  )
})
