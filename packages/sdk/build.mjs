import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')

/** Adds the one schema's declarations to what tsc wrote, so that who installs the SDK needs nothing else. */
function completeDeclarations() {
  const core = dirname(fileURLToPath(import.meta.resolve('@kiroku/core/errors')))
  for (const file of readdirSync(core)) {
    if (file.endsWith('.d.ts')) cpSync(join(core, file), join(dist, 'core', file))
  }
  for (const file of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!file.isFile() || !file.name.endsWith('.d.ts')) continue
    const path = join(file.parentPath, file.name)
    const toCore = relative(file.parentPath, join(dist, 'core'))
    const text = readFileSync(path, 'utf8')
      .replaceAll(/(['"])@kiroku\/core\/([\w-]+)\1/g, `$1${toCore.startsWith('.') ? toCore : `./${toCore}`}/$2.js$1`)
      .replaceAll(/(from |import\()(['"])(\.[^'"]*)\.ts\2/g, '$1$2$3.js$2')
      .replace(/\n?\/\/# sourceMappingURL=.*\n?$/, '\n')
    writeFileSync(path, text)
    writeFileSync(
      path.replace(/\.ts$/, '.cts'),
      text.replaceAll(/(from |import\()(['"])(\.[^'"]*)\.js\2/g, '$1$2$3.cjs$2'),
    )
  }
}

const shared = { absWorkingDir: root, bundle: true, platform: 'node', target: 'node20.19', logLevel: 'warning' }

/** What scripts import: the one schema is bundled in; zod is the script's own. */
const library = {
  ...shared,
  entryPoints: ['src/index.ts', 'src/credentials.ts', 'src/settings-file.ts', 'src/sync/index.ts'],
  outdir: 'dist',
  external: ['zod'],
  sourcemap: true,
}

completeDeclarations()
await Promise.all([
  build({ ...library, format: 'esm' }),
  build({
    ...library,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.url': 'kirokuModuleUrl' },
    banner: { js: "const kirokuModuleUrl = require('node:url').pathToFileURL(__filename).href;" },
  }),
  build({
    ...shared,
    entryPoints: { writer: 'src/writer/main.ts', sidecar: 'src/sidecar/main.ts' },
    outdir: 'dist',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
  }),
])
