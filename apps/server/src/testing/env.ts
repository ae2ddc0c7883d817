import * as z from 'zod'

const name = 'KIROKU_TEST_TEMPLATE'
const schema = z.object({ [name]: z.string().optional() })

/** The data directory that those of test servers begin as; undefined where each begins empty. */
export function templateDirectory(): string | undefined {
  return schema.parse(process.env)[name]
}

/** Tells it to this process and those that it starts. */
export function setTemplateDirectory(directory: string): void {
  process.env[name] = directory
}
