import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOf, mergeManifests, parseManifest } from './manifest.ts'
import { isSigned, signLink } from './signed-link.ts'

const md5 = 'CY9rzUYh03PK3k6DJie09g=='
const manifest = (contents: object, more: object = {}): string =>
  JSON.stringify({ version: 1, storagePolicy: 'wandb-storage-policy-v1', storagePolicyConfig: {}, contents, ...more })

test('a list of files is read, and refused with the entry that is wrong', () => {
  const { contents } = parseManifest(
    manifest({ 'a b/c.txt': { digest: md5, size: 4, birthArtifactID: 'x' }, far: { digest: 'etag', ref: 's3://b/k' } }),
  )
  expect(contents['a b/c.txt']).toMatchObject({ digest: md5, size: 4 })
  expect(contents['far']).toMatchObject({ ref: 's3://b/k', size: 0 })
  expect(() => parseManifest('{')).toThrow('it is no JSON')
  expect(() => parseManifest(manifest({}, { version: 2 }))).toThrow('version')
  expect(() => parseManifest(manifest({ '../a': { digest: md5, size: 1 } }))).toThrow('must be relative')
  expect(() => parseManifest(manifest({ a: { digest: 'no md5', size: 1 } }))).toThrow('its MD5 in base64')
  expect(() => parseManifest(manifest({ a: { digest: md5, size: -1 } }))).toThrow('size')
})

// What wandb 0.31.0 says of an artifact with these two files, of four and of no bytes.
test('the digest is the one that clients compute', () => {
  const contents = parseManifest(
    manifest({
      'é.txt': { digest: '1B2M2Y8AsgTpgAmY7PhCfg==', size: 0 },
      'Z/a.txt': { digest: md5, size: 4 },
    }),
  ).contents
  expect(digestOf(contents)).toBe('2e5717fc0a71be1dade632f7e758f189')
})

test('of merged lists the last one has the say, and the order of paths has none', () => {
  const path = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom('a', 'b', 'é', '😀', '\uffee', 'Z') })
  fc.assert(
    fc.property(fc.uniqueArray(path), (paths) => {
      const of = (names: readonly string[]) =>
        parseManifest(manifest(Object.fromEntries(names.map((name) => [name, { digest: md5, size: 1 }]))))
      const half = Math.floor(paths.length / 2)
      const merged = mergeManifests(of(paths.slice(0, half)).contents, [of([]), of(paths.slice(half))])
      expect(digestOf(merged.contents)).toBe(digestOf(of([...paths].reverse()).contents))
    }),
  )
  const first = parseManifest(manifest({ a: { digest: md5, size: 1 } }))
  const last = parseManifest(manifest({ a: { digest: '1B2M2Y8AsgTpgAmY7PhCfg==', size: 0 } }))
  expect(mergeManifests(first.contents, [last]).contents).toEqual(last.contents)
})

test('a link is good for its file, its time and its secret', () => {
  const secret = new Uint8Array(32).fill(7)
  const link = { artifactId: 'x', path: 'a', expires: Date.now() + 1000 }
  const signature = signLink(secret, link)
  expect(isSigned(secret, link, signature)).toBe(true)
  expect(isSigned(new Uint8Array(32), link, signature)).toBe(false)
  expect(isSigned(secret, { ...link, path: null }, signature)).toBe(false)
  expect(isSigned(secret, link, '')).toBe(false)
  const past = { ...link, expires: Date.now() - 1 }
  expect(isSigned(secret, past, signLink(secret, past))).toBe(false)
})
