import * as z from 'zod'
import { isStorableText } from './values.ts'

const reservedInRunId = /[:;,#?/']/

/** The id a user sees in a run's address: unique in its project, 1 to 64 of `[A-Za-z0-9._-]`. */
export const runSlugSchema = z
  .string()
  .min(1, 'a run id must not be empty')
  .max(64, 'a run id has at most 64 characters')
  .refine((id) => !reservedInRunId.test(id), "a run id must not contain any of : ; , # ? / '")
  .regex(/^[A-Za-z0-9._-]+$/, 'a run id may use letters, digits, dot, underscore and dash')
  .refine((id) => id !== '.' && id !== '..', 'a run id must not be . or ..')

/** A project's name: 1 to 128 characters of well-formed text, none of `/ \ # ? % :`, no spaces at its ends. */
export const projectNameSchema = z
  .string()
  .min(1, 'a project name must not be empty')
  .max(128, 'a project name has at most 128 characters')
  .regex(/^[^/\\#?%:]+$/, 'a project name must not contain any of / \\ # ? % :')
  .refine(isStorableText, 'a project name must be well-formed text without NUL')
  .refine((name) => name.trim() === name, 'a project name must not begin or end with a space')
  .refine((name) => name !== '.' && name !== '..', 'a project name must not be . or ..')

/** An organization's name in addresses: lower-case letters, digits and dashes. */
export const organizationSlugSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'an organization is 1 to 64 of a-z, 0-9 and inner dashes')

/** `kiroku-` and 40 letters or digits; one dash, so that every `wandb` client takes it too. */
export const apiKeySchema = z
  .string()
  .regex(/^kiroku-[A-Za-z0-9]{40}$/, 'an API key is `kiroku-` and 40 letters or digits')

/** One writer of one run: a process between its `init()` and its end. Chosen by the client, 16 of `[a-z0-9]`. */
export const writerIdSchema = z.string().regex(/^[a-z0-9]{16}$/, 'a writer id is 16 of a-z and 0-9')

const lowerAlphanumeric = 'abcdefghijklmnopqrstuvwxyz0123456789'
const alphanumeric = `ABCDEFGHIJKLMNOPQRSTUVWXYZ${lowerAlphanumeric}`

/** `length` characters of `alphabet`, each equally likely, from the platform's cryptographic source. */
function randomString(alphabet: string, length: number): string {
  const limit = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length * 2))) {
      if (byte < limit && text.length < length) text += alphabet.charAt(byte % alphabet.length)
    }
  }
  return text
}

/** A new run id: 8 of `[a-z0-9]`. */
export function newRunSlug(): string {
  return randomString(lowerAlphanumeric, 8)
}

/** A new writer id: 16 of `[a-z0-9]`. */
export function newWriterId(): string {
  return randomString(lowerAlphanumeric, 16)
}

/** A new API key. Only its hash may be stored. */
export function newApiKey(): string {
  return `kiroku-${randomString(alphanumeric, 40)}`
}

/** A new session token for a browser's cookie: 48 letters or digits. Only its hash may be stored. */
export function newSessionToken(): string {
  return randomString(alphanumeric, 48)
}
