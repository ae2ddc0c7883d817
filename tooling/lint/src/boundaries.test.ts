import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
let copy: string

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'kiroku-lint-'))
  for (const path of ['biome.json', '.gitignore', 'tooling/lint'])
    cpSync(join(root, path), join(copy, path), { recursive: true })
})

afterAll(() => rmSync(copy, { recursive: true, force: true }))

/** What lint says of a file with this text at this place. */
function lint(path: string, text: string): string {
  mkdirSync(dirname(join(copy, path)), { recursive: true })
  writeFileSync(join(copy, path), text)
  try {
    return execFileSync(join(root, 'node_modules/.bin/biome'), ['lint', path], {
      cwd: copy,
      encoding: 'utf8',
      stdio: 'pipe',
    })
  } catch (error) {
    if (error instanceof Error && 'stderr' in error && 'stdout' in error) return `${error.stdout}${error.stderr}`
    throw error
  }
}

const importing = (source: string): string => `import { thing } from '${source}'\nexport const other = thing\n`

test.each([
  ['packages/core/src/a.ts', importing('node:fs'), 'core does no I/O'],
  ['packages/core/src/a.ts', importing('@kiroku/sdk'), 'core imports zod and nothing else'],
  ['packages/wandb-format/src/a.ts', importing('node:fs'), 'wandb-format does no I/O'],
  ['packages/wandb-format/src/a.ts', importing('@kiroku/sdk'), 'wandb-format imports core only'],
  ['packages/core/src/a.ts', importing('@kiroku/wandb-format/media'), 'core imports zod and nothing else'],
  ['packages/metric-store/src/a.ts', importing('@kiroku/server'), 'metric-store imports core only'],
  ['packages/sdk/src/a.ts', importing('@kiroku/server'), 'sdk imports core only'],
  [
    'packages/cli/src/a.ts',
    importing('@kiroku/metric-store'),
    'cli imports core, wandb-format, sdk, and starts server and web',
  ],
  ['apps/server/src/features/runs/a.service.ts', importing('pg'), 'Prisma belongs in'],
  ['apps/server/src/features/runs/a.service.ts', importing('../../generated/prisma/client.ts'), 'Prisma belongs in'],
  ['apps/server/src/features/runs/a.ts', importing('@clickhouse/client'), 'ClickHouse belongs in'],
  [
    'apps/server/src/features/runs/a.ts',
    importing('@kiroku/sdk'),
    'server imports core, wandb-format and metric-store',
  ],
  ['apps/server/src/features/runs/a.ts', importing('../history/pace.ts'), 'through its index.ts'],
  ['apps/web/src/a.ts', importing('@kiroku/server'), '`import type` alone'],
  ['apps/web/src/a.ts', importing('@kiroku/metric-store'), "web imports core, and the server's types"],
  ['packages/core/src/a.ts', 'export const a = JSON.parse("1") as number\n', 'Parse with a schema'],
  ['packages/core/src/a.ts', 'export const a = (b: number | null) => b!\n', 'noNonNullAssertion'],
  ['packages/sdk/src/a.ts', 'export const a = process.env["A"]\n', 'noProcessEnv'],
])('%s may not have: %s', (path, text, message) => {
  expect(lint(path, text)).toContain(message)
})

test.each([
  ['apps/web/src/a.ts', "import type { AppRouter } from '@kiroku/server'\nexport type Router = AppRouter\n"],
  ['apps/server/src/features/runs/a.ts', importing('../history/index.ts')],
  ['apps/server/src/features/runs/a.ts', importing('@kiroku/wandb-format/media')],
  ['packages/cli/src/a.ts', importing('@kiroku/wandb-format/media')],
  ['packages/core/src/a.ts', "export const names = ['a', 'b'] as const\n"],
])('%s may have: %s', (path, text) => {
  expect(lint(path, text)).not.toMatch(/Restricted|plugin|Parse with/)
})
