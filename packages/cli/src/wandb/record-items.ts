import type { ExtendedRecord, ExtendedValue } from '@kiroku/wandb-format/extended-json'
import { isExtendedRecord, parseExtendedJson } from '@kiroku/wandb-format/extended-json'
import { visitFields } from '../proto.ts'

/** A value at a path of nested keys, as JSON text. */
export type Item = { path: string[]; json: string }

/** The text of a string field. */
export function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

/** Reads an item of config, summary, history or system metrics: `key` = 1 or `nested_key` = 2, `value_json` = 16. */
export function readItem(message: Uint8Array): Item {
  const item: Item = { path: [], json: '' }
  let key = ''
  visitFields(message, (number, _value, bytes) => {
    if (bytes === null) return
    if (number === 2) item.path.push(utf8(bytes))
    else if (number === 16) item.json = utf8(bytes)
    else if (number === 1) key = utf8(bytes)
  })
  if (item.path.length === 0) item.path.push(key)
  return item
}

/** What a record of config or summary changes. */
export type Changes = { update: Item[]; remove: Item[] }

/** The record's `update` = 1 and `remove` = 2. */
export function readChanges(message: Uint8Array): Changes {
  const changes: Changes = { update: [], remove: [] }
  visitFields(message, (number, _value, bytes) => {
    if (bytes === null) return
    if (number === 1) changes.update.push(readItem(bytes))
    else if (number === 2) changes.remove.push(readItem(bytes))
  })
  return changes
}

/** A record in which every key is a key like any other, `__proto__` too. */
export function emptyRecord(): ExtendedRecord {
  return Object.create(null)
}

/** The record that items make. Throws `KirokuError` BAD_REQUEST for a value that is no JSON. */
export function recordOf(items: readonly Item[]): ExtendedRecord {
  const record = emptyRecord()
  setItems(record, items)
  return record
}

/** Puts items in a record. An item without a value is passed over. */
export function setItems(record: ExtendedRecord, items: readonly Item[]): void {
  for (const { path, json } of items) if (json !== '') setAt(record, path, parseExtendedJson(json))
}

/** Removes a path, and the records above it that are empty then. */
export function removeAt(record: ExtendedRecord, path: readonly string[]): void {
  const [key = '', ...rest] = path
  const inner = record[key]
  if (rest.length > 0 && isExtendedRecord(inner)) {
    removeAt(inner, rest)
    if (Object.keys(inner).length > 0) return
  }
  if (rest.length === 0 || isExtendedRecord(inner)) delete record[key]
}

function setAt(record: ExtendedRecord, path: readonly string[], value: ExtendedValue): void {
  let level = record
  for (const key of path.slice(0, -1)) {
    const known = level[key]
    const inner = isExtendedRecord(known) ? known : emptyRecord()
    level[key] = inner
    level = inner
  }
  level[path.at(-1) ?? ''] = value
}
