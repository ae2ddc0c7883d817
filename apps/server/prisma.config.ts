import { defineConfig } from 'prisma/config'

// `generate` never runs the schema engine, yet would download it; a path that exists keeps it from trying.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath

export default defineConfig({ schema: 'prisma/schema.prisma' })
