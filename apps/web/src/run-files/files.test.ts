import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffLines } from './diff.ts'
import { crumbsOf, entriesOf, folderOf, viewOf } from './folder.ts'

const file = (path: string, size = 1) => ({ path, size, createdAt: size, mime: 'text/plain', sha256: 'a'.repeat(64) })

describe('a folder', () => {
  const files = [file('b.txt'), file('code/a/x.ts', 3), file('code/y.ts', 4), file('a10'), file('a9')]

  test('holds folders first, with what is below them summed up', () => {
    expect(entriesOf(files, '').map(({ path, size, count }) => [path, size, count])).toEqual([
      ['code/', 7, 2],
      ['a9', 1, 1],
      ['a10', 1, 1],
      ['b.txt', 1, 1],
    ])
    expect(entriesOf(files, 'code/').map(({ name, kind }) => [name, kind])).toEqual([
      ['a', 'folder'],
      ['y.ts', 'file'],
    ])
  })

  test('every file is in exactly one place of it', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
      .map((names) => names.join('/'))
    fc.assert(
      fc.property(fc.uniqueArray(path), (paths) => {
        const count = entriesOf(
          paths.map((one) => file(one)),
          '',
        ).reduce((sum, entry) => sum + entry.count, 0)
        expect(count).toBe(paths.length)
      }),
    )
  })

  test('is found by a path, and the way to it', () => {
    expect([folderOf('a/b/c'), folderOf('a/b/'), folderOf('a')]).toEqual(['a/b/', 'a/b/', ''])
    expect(crumbsOf('a/b/')).toEqual([
      { name: 'a', path: 'a/' },
      { name: 'b', path: 'a/b/' },
    ])
  })
})

test('what a file is shown as follows its type and its name', () => {
  const view = (path: string, mime = 'application/octet-stream') => viewOf({ path, mime })
  expect(view('a.png', 'image/png')).toBe('image')
  expect(view('a.gif', 'image/gif')).toBe('image')
  expect(view('a.svg', 'image/svg+xml')).toBe('text')
  expect(view('a.wav', 'audio/wav')).toBe('audio')
  expect(view('a.webm', 'video/webm')).toBe('video')
  expect(view('diff.patch')).toBe('diff')
  expect(view('packages.json')).toBe('json')
  expect(view('code/train.ts')).toBe('text')
  expect(view('code/train.ts', 'video/mp2t')).toBe('text')
  expect(view('notes', 'text/plain; charset=utf-8')).toBe('text')
  expect(view('model.bin')).toBe('none')
})

test('lines of a patch are told apart and numbered, also those that look like heads', () => {
  const patch = `diff --git a/x b/x
--- a/x
+++ b/x
@@ -3,3 +3,3 @@ fn
 same
--- comment
++++ plus
 end
\\ No newline at end of file
`
  expect(diffLines(patch).map(({ kind, before, after, text }) => [kind, before, after, text])).toEqual([
    ['file', null, null, 'diff --git a/x b/x'],
    ['file', null, null, '--- a/x'],
    ['file', null, null, '+++ b/x'],
    ['hunk', null, null, '@@ -3,3 +3,3 @@ fn'],
    ['same', 3, 3, 'same'],
    ['removed', 4, null, '-- comment'],
    ['added', null, 4, '+++ plus'],
    ['same', 5, 5, 'end'],
    ['file', null, null, '\\ No newline at end of file'],
  ])
})
