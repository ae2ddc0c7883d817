import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const units: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, s: 1, bytes: 1 }

/** `8 MiB`, `10 000`, `60 s` or `8.64e15` as a number. Seconds stay seconds. */
function numberOf(text: string): number {
  const [, digits = '', unit] = /^([\d .e]+?)(?: ([A-Za-z]+))?$/.exec(text) ?? []
  return Number(digits.replaceAll(' ', '')) * (unit === undefined ? 1 : (units[unit] ?? Number.NaN))
}

/** The number that a constant of a source file is; NaN when there is none of that name that is plain arithmetic. */
function constantOf(path: string, name: string): number {
  const [, expression = ''] = new RegExp(`^(?:export )?const ${name} = (.+)$`, 'm').exec(read(path)) ?? []
  if (!/^[\d_.xa-fA-F\s*+\-<()]+$/.test(expression)) return Number.NaN
  return Number(runInNewContext(expression))
}

const row = /^\| (.+?) +\| (.+?) +\| `(\w+)` in `([^`]+)` +\| (.*?) +\|$/
const rows = read('docs/limits.md')
  .split('\n')
  .flatMap((line) => {
    const [, limit, value = '', constant = '', path = ''] = row.exec(line) ?? []
    return limit === undefined ? [] : [{ limit, value, constant, path }]
  })

describe('docs/limits.md', () => {
  it('has a table that is read here', () => {
    const lines = read('docs/limits.md')
      .split('\n')
      .filter((line) => /^\| (?!limit|---)/.test(line))
    expect(rows).toHaveLength(lines.length)
    expect(rows.length).toBeGreaterThan(20)
  })

  it.each(rows)('tells the $limit that the code has', ({ value, constant, path }) => {
    const inSeconds = value.endsWith(' s') && constant.endsWith('Ms')
    expect(numberOf(value) * (inSeconds ? 1000 : 1)).toBe(constantOf(path, constant))
  })

  it('has every limit that the shared schema has', () => {
    const files = execFileSync('git', ['ls-files', 'packages/core/src'], { cwd: root, encoding: 'utf8' }).trim()
    const named = files
      .split('\n')
      .filter((path) => !path.includes('.test'))
      .flatMap((path) => [...read(path).matchAll(/^(?:export )?const (max[A-Z]\w+) = [\d_.e\s*<]+$/gm)])
      .map(([, name]) => name)
    const told = new Set(rows.map(({ constant }) => constant))
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => name !== undefined && !told.has(name))).toEqual([])
  })
})
