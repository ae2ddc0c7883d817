import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
const documents = tracked.filter((path) => path.endsWith('.md'))
const folders = new Set(tracked.flatMap(parents))

function parents(path: string): string[] {
  const folder = dirname(path)
  return folder === '.' ? [] : [folder, ...parents(folder)]
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Text in single backticks; fenced blocks are left out. */
function codeSpans(text: string): string[] {
  return [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span)
}

const firstFolders = new Set(['apps', 'packages', 'tooling', 'examples', 'docs'])
const isPath = (span: string): boolean =>
  firstFolders.has(span.split('/')[0] ?? '') && span.includes('/') && /^[\w./@[\]-]+$/.test(span)

describe.each(documents)('%s', (path) => {
  const text = read(path)

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, link = '']) => link)
    expect(links.filter((link) => !existsSync(join(root, dirname(path), link)))).toEqual([])
  })

  it('names paths that exist, from the root', () => {
    const paths = codeSpans(text)
      .filter(isPath)
      .map((span) => span.replace(/\/$/, ''))
    expect(paths.filter((span) => !tracked.includes(span) && !folders.has(span))).toEqual([])
  })

  it('names scripts that exist', () => {
    const scripts: unknown = JSON.parse(read('package.json')).scripts
    const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name)
    for (const name of named) expect(scripts).toHaveProperty([name])
  })
})

describe('the repository', () => {
  const text = tracked.filter((path) => /\.(ts|tsx|mjs|js|json|md|yaml|yml|css|sh|sql|prisma|grit)$/.test(path))

  it('names no path of one machine', () => {
    const machinePath = /(^|[\s"'`(=])\/(?:root|work|home)\/[\w.-]+/m
    expect(
      text.filter((path) => path !== 'tooling/documents/src/documents.test.ts' && machinePath.test(read(path))),
    ).toEqual([])
  })

  it('locks packages without the host they came from', () => {
    expect(read('pnpm-lock.yaml')).not.toMatch(/https?:\/\//)
  })
})
