import { expect, it } from 'vitest'
import { placesOfFiles } from './file-places.ts'

const sha256 = 'a'.repeat(64)
const placed = (...paths: string[]): (string | undefined)[] => {
  const places = placesOfFiles(paths.map((path) => ({ path, sha256, size: 1, mime: 'text/plain', createdAt: 0 })))
  return paths.map((path) => places.get(path))
}
const byHash = `contents/${sha256}`

it('files lie under their paths, and under their hash where no file system has such a place', () => {
  expect(placed('a', 'b/c', 'b/d.txt')).toEqual(['files/a', 'files/b/c', 'files/b/d.txt'])
  expect(placed('a', 'a/b', 'c')).toEqual([byHash, 'files/a/b', 'files/c'])
  expect(placed('Read', 'read', 'other')).toEqual([byHash, byHash, 'files/other'])
  expect(placed('X/one', 'x/two', 'y/z')).toEqual([byHash, byHash, 'files/y/z'])
  expect(placed('\u00e9', 'e\u0301')).toEqual([byHash, byHash])
  expect(placed('é'.repeat(101), 'é'.repeat(100))).toEqual([byHash, `files/${'é'.repeat(100)}`])
})
