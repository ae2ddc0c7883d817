/**
 * The local log of one run, `run.klog`: what the script said, in its order. Frames, each at a multiple of 8:
 *
 *     u32 length of the payload, and 0x4b in its highest byte | u32 CRC-32 of the payload | payload | zeros up to 8
 *
 * A payload is one record: `u8 kind | u8 flags | u16 0 | u32 n`, then by kind
 *
 *     header, facts, update, start: n bytes of JSON
 *     key: the name that the number n stands for from here on
 *     row: f64 step | f64 time | n f64 values | n u32 keys | u32 texts | per text: u32 key, u32 bytes, JSON
 *     console: f64 time | n bytes of text, as the script printed it
 *
 * All numbers are little-endian. A row record is one call of `log()`; `rowFlags.commits` ends the row at its step.
 *
 * A run that goes on where another stopped (its header asks for `resume`, `rewind` or `fork`) has a `start` record before its
 * first row once the script knows from the server at which step it begins: the steps of rows are final then. Without one
 * they count from 0, `rowFlags.explicit` tells those that the script chose, and the reader runs the step machine again
 * from the step that the server tells.
 */
export const recordKinds = { header: 1, facts: 2, key: 3, row: 4, update: 5, console: 6, start: 7 } as const

/**
 * Flags of row records, and of key records (`system` only: the machine's metrics count their keys apart). `explicit`: the
 * caller gave the step.
 */
export const rowFlags = { commits: 1, system: 2, explicit: 4 } as const

/** Flags of console records: what was printed went to standard error. */
export const consoleFlags = { stderr: 1 } as const

/** Flags of update records: the one that ends the run has `finishes`. */
export const updateFlags = { finishes: 1 } as const

/** The log's file name in its run's directory. */
export const logFileName = 'run.klog'

/** The directory of the run's files, in the run's directory. */
export const filesDirectoryName = 'files'

/** Bytes before a frame's payload. */
export const frameHeaderBytes = 8

/** Bytes of a row record before its values. */
export const rowHeaderBytes = 24

/** The longest payload that a frame can have. */
export const maxPayloadBytes = 0xff_ffff

/** The highest byte of every frame's first word. */
export const frameMark = 0x4b

/** `bytes` rounded up to a multiple of 8. */
export function aligned(bytes: number): number {
  return (bytes + 7) & ~7
}

/** Bytes that a payload takes in the log. */
export function framedBytes(payloadBytes: number): number {
  return frameHeaderBytes + aligned(payloadBytes)
}
