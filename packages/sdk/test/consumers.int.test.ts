import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'

const run = promisify(execFile)
const sdk = dirname(dirname(fileURLToPath(import.meta.url)))
let project: string

/** A project elsewhere that has the package as it is published, zod, and for types those of Node. */
beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'kiroku-consumer-')))
  const installed = join(project, 'node_modules', '@kiroku', 'sdk')
  mkdirSync(installed, { recursive: true })
  cpSync(join(sdk, 'dist'), join(installed, 'dist'), { recursive: true })
  cpSync(join(sdk, 'package.json'), join(installed, 'package.json'))
  mkdirSync(join(project, 'node_modules', '@types'))
  for (const name of ['zod', '@types/node', 'typescript']) {
    symlinkSync(realpathSync(join(sdk, 'node_modules', name)), join(project, 'node_modules', name))
  }
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

async function node(file: string, text: string): Promise<string> {
  writeFileSync(join(project, file), text)
  const env = { KIROKU_MODE: 'offline', KIROKU_SILENT: '1', PATH: '/usr/bin:/bin' }
  return (await run(process.execPath, [file], { cwd: project, env })).stdout
}

const typed = `
const run = init({ project: 'p', metrics: { batch: metric(), loss: metric({ step: 'batch' }) }, config: z.object({ lr: z.number().default(1) }) })
run.log({ loss: 1, batch: 1 })
const lr: number = run.config.lr
// @ts-expect-error not declared
run.log({ lss: 1 })
export async function train(): Promise<void> {
  await using other = init()
  other.log({ anything: lr })
}
`

describe('the published package', () => {
  it('is imported', async () => {
    const text = `import { init, log } from '@kiroku/sdk'
      const run = init({ project: 'p' }); log({ a: 1 }); await run.finish(); console.log(run.step, run.summary.a)`
    expect(await node('esm.mjs', text)).toBe('1 1\n')
  })

  it('is required', async () => {
    const text = `const kiroku = require('@kiroku/sdk'); const { readCredentials } = require('@kiroku/sdk/credentials'); const { readSettings } = require('@kiroku/sdk/settings')
      const run = kiroku.init({ project: 'p' }); kiroku.log({ a: 1 })
      run.finish().then(() => console.log(kiroku.run === run, run.step, typeof readCredentials, typeof readSettings))`
    expect(await node('cjs.cjs', text)).toBe('true 1 function function\n')
    expect(readdirSync(join(project, '.kiroku', 'runs')).length).toBeGreaterThan(0)
  })

  it('can be packed and installed by npm, which knows no catalogs and workspaces', async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: sdk })
    const [packed] = z.array(z.object({ files: z.array(z.object({ path: z.string() })) })).parse(JSON.parse(stdout))
    const files = packed?.files.map(({ path }) => path) ?? []
    const entries = ['', 'settings-file.', 'credentials.', 'sync/index.'].flatMap((name) =>
      ['js', 'cjs', 'd.ts', 'd.cts'].map((ending) => `dist/${name === '' ? 'index.' : name}${ending}`),
    )
    expect(files).toEqual(expect.arrayContaining([...entries, 'dist/writer.cjs', 'dist/sidecar.cjs', 'README.md']))
    expect(files).not.toContain('dist/.tsbuildinfo')
    const manifest = z
      .object({ dependencies: z.record(z.string(), z.string().regex(/^\^\d/)) })
      .parse(JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8')))
    expect(Object.keys(manifest.dependencies)).toEqual(['zod'])
  })

  it.each([
    ['node16', 'node16', 'esm.mts', "import { init, metric } from '@kiroku/sdk'\nimport * as z from 'zod'\n"],
    ['node16', 'node16', 'cjs.cts', "import { init, metric } from '@kiroku/sdk'\nimport * as z from 'zod'\n"],
    ['esnext', 'bundler', 'app.ts', "import { init, metric } from '@kiroku/sdk'\nimport * as z from 'zod'\n"],
  ])('type-checks with module %s, resolution %s, as %s', async (module, moduleResolution, file, imports) => {
    writeFileSync(join(project, file), imports + typed)
    const compilerOptions = {
      module,
      moduleResolution,
      target: 'es2022',
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: ['node'],
    }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
    const tsc = join(sdk, 'node_modules', '.bin', 'tsc')
    const { stdout } = await run(tsc, ['-p', project], { cwd: project }).catch((cause: { stdout: string }) => cause)
    expect(stdout).toBe('')
  })
})
