import { expect, it } from 'vitest'
import { foldersOf } from './places.ts'

it('gives each name a folder of its own, whatever the file system makes of case, accents and length', () => {
  const long = '損'.repeat(128)
  const folders = foldersOf(['model', 'Model', 'MODEL', 'model~2', 'é', 'e\u0301', long])
  expect([...folders.values()].slice(0, 6)).toEqual(['model', 'Model~2', 'MODEL~3', 'model~2~2', 'é', 'e\u0301~2'])
  expect(folders.get(long)).toMatch(/^[0-9a-f]{64}$/)
  expect(new Set([...folders.values()].map((folder) => folder.normalize('NFD').toLowerCase())).size).toBe(7)
})
