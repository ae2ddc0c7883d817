import type { Value } from '@kiroku/core/values'
import { fieldsOf, textOf } from '../proto.ts'

/** The hyperparameters in the content of the hparams plugin's metadata: those of a session's start, else none. */
export function readHparams(content: Uint8Array): Record<string, Value> {
  const hparams: Record<string, Value> = {}
  for (const data of fieldsOf(content)) {
    if (data.number !== 3) continue
    for (const entry of fieldsOf(data.bytes)) {
      if (entry.number !== 1) continue
      let key = ''
      let value: Value = null
      for (const { number, bytes } of fieldsOf(entry.bytes)) {
        if (number === 1) key = textOf(bytes)
        else if (number === 2) value = readStructValue(bytes)
      }
      hparams[key] = value
    }
  }
  return hparams
}

/** A `google.protobuf.Value`: null, number, text or truth value; what is nested is read too. */
function readStructValue(message: Uint8Array): Value {
  for (const { number, value, bytes } of fieldsOf(message)) {
    if (number === 2) return value
    if (number === 3) return textOf(bytes)
    if (number === 4) return value !== 0
    if (number === 6) return [...fieldsOf(bytes)].map((item) => readStructValue(item.bytes))
  }
  return null
}
