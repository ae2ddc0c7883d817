import { fileURLToPath } from 'node:url'

/** The built entry of the writer thread. */
export const writerPath = fileURLToPath(new URL('../dist/writer.cjs', import.meta.url))

/** The built entry of the sidecar process. */
export const sidecarPath = fileURLToPath(new URL('../dist/sidecar.cjs', import.meta.url))
