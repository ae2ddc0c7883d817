import { describe, expect, it } from 'vitest'
import {
  apiKeySchema,
  newApiKey,
  newRunSlug,
  newSessionToken,
  newWriterId,
  organizationSlugSchema,
  projectNameSchema,
  runSlugSchema,
  writerIdSchema,
} from './ids.ts'

describe('ids', () => {
  it('makes ids that its own schemas take', () => {
    expect(runSlugSchema.parse(newRunSlug())).toHaveLength(8)
    expect(writerIdSchema.parse(newWriterId())).toHaveLength(16)
    expect(apiKeySchema.parse(newApiKey())).toHaveLength('kiroku-'.length + 40)
    expect(newSessionToken()).toMatch(/^[A-Za-z0-9]{48}$/)
  })

  it('does not repeat itself', () => {
    expect(new Set(Array.from({ length: 1000 }, newWriterId)).size).toBe(1000)
  })

  it.each([':', ';', ',', '#', '?', '/', "'"])('refuses %s in a run id and says which are reserved', (reserved) => {
    const result = runSlugSchema.safeParse(`a${reserved}b`)
    expect(result.success).toBe(false)
    expect(result.error?.issues[0]?.message).toBe("a run id must not contain any of : ; , # ? / '")
  })

  it.each(['', ' a', 'a b', '..', '.', 'x'.repeat(65), 'ü'])('refuses the run id %j', (id) => {
    expect(runSlugSchema.safeParse(id).success).toBe(false)
  })

  it.each(['a', 'A.b_c-9', 'x'.repeat(64)])('takes the run id %j', (id) => {
    expect(runSlugSchema.parse(id)).toBe(id)
  })

  it.each(['a/b', 'a\\b', 'nul\0', 'half \ud800', 'a#', 'a?', '100%', 'a:b', ' a', '', '..', 'x'.repeat(129)])(
    'refuses the project %j',
    (name) => {
      expect(projectNameSchema.safeParse(name).success).toBe(false)
    },
  )

  it.each(['mnist', 'My project', '画像-分類'])('takes the project %j', (name) => {
    expect(projectNameSchema.parse(name)).toBe(name)
  })

  it.each(['Acme', '-a', 'a-', '', 'a_b'])('refuses the organization %j', (slug) => {
    expect(organizationSlugSchema.safeParse(slug).success).toBe(false)
  })
})
