import { afterEach, describe, expect, it } from 'vitest'
import { listenToOutput, type OutputStream, unheard } from './process-output.ts'

const written: { stream: OutputStream; words: unknown[] }[] = []
const restore: (() => void)[] = []

/** Puts a stream's own `write` aside, so that nothing is really printed: one that remembers takes its place. */
function standIn(stream: OutputStream, answer = true): NodeJS.WriteStream['write'] {
  const target = process[stream]
  const before = Object.getOwnPropertyDescriptor(target, 'write')
  const write = (...words: unknown[]): boolean => {
    written.push({ stream, words })
    return answer
  }
  target.write = write
  restore.unshift(() => {
    if (before === undefined) Reflect.deleteProperty(target, 'write')
    else Object.defineProperty(target, 'write', before)
  })
  return write
}

afterEach(() => {
  for (const each of restore.splice(0)) each()
  written.splice(0)
})

function listen(): { heard: string[]; bytes: Buffer[]; stop: () => void } {
  const heard: string[] = []
  const bytes: Buffer[] = []
  const stop = listenToOutput((stream, chunk) => {
    heard.push(`${stream}: ${Buffer.from(chunk).toString()}`)
    bytes.push(Buffer.from(chunk))
  })
  return { heard, bytes, stop }
}

describe('6.1 console capture', () => {
  it('passes on exactly what came, with the answer, and hears it', () => {
    standIn('stdout', false)
    standIn('stderr')
    const { heard, stop } = listen()
    const callback = (): void => {}
    expect(process.stdout.write('text')).toBe(false)
    expect(process.stderr.write('746578', 'hex', callback)).toBe(true)
    process.stdout.write(Buffer.from('bytes'), callback)
    stop()
    expect(written).toEqual([
      { stream: 'stdout', words: ['text'] },
      { stream: 'stderr', words: ['746578', 'hex', callback] },
      { stream: 'stdout', words: [Buffer.from('bytes'), callback] },
    ])
    expect(heard).toEqual(['stdout: text', 'stderr: tex', 'stdout: bytes'])
  })

  it('hears bytes as they come, also parts of a character', () => {
    standIn('stdout')
    const { bytes, stop } = listen()
    const whole = Buffer.from('日')
    process.stdout.write(whole.subarray(0, 1))
    process.stdout.write(whole.subarray(1))
    stop()
    expect(Buffer.concat(bytes)).toEqual(whole)
  })

  it('tells every listener, and puts back what was there when the last is gone', () => {
    const own = standIn('stdout')
    standIn('stderr')
    const [first, second] = [listen(), listen()]
    const patched = process.stdout.write
    expect(patched).not.toBe(own)
    process.stdout.write('a')
    first.stop()
    expect(process.stdout.write).toBe(patched)
    process.stdout.write('b')
    second.stop()
    second.stop()
    expect(process.stdout.write).toBe(own)
    process.stdout.write('c')
    expect([first.heard, second.heard]).toEqual([['stdout: a'], ['stdout: a', 'stdout: b']])
    expect(written).toHaveLength(3)
  })

  it('leaves alone who patched over it, and hears once when it begins again', () => {
    standIn('stdout')
    standIn('stderr')
    const first = listen()
    const inner = process.stdout.write
    const outer = (...words: unknown[]): boolean => Reflect.apply(inner, process.stdout, words)
    process.stdout.write = outer
    first.stop()
    expect(process.stdout.write).toBe(outer)
    process.stdout.write('unheard')
    const second = listen()
    process.stdout.write('again')
    second.stop()
    expect(process.stdout.write).toBe(outer)
    expect([first.heard, second.heard]).toEqual([[], ['stdout: again']])
    expect(written).toHaveLength(2)
  })

  it('does not hear what is not the script’s, nor what listeners print', () => {
    standIn('stdout')
    standIn('stderr')
    const heard: string[] = []
    const stop = listenToOutput((_, chunk) => {
      heard.push(Buffer.from(chunk).toString())
      process.stderr.write('from the listener')
    })
    unheard(() => process.stderr.write('kiroku: hello\n'))
    process.stdout.write('mine')
    stop()
    expect(heard).toEqual(['mine'])
    expect(written).toHaveLength(3)
  })

  it('keeps printing when a listener throws', () => {
    standIn('stdout')
    const stop = listenToOutput(() => {
      throw new Error('a listener failed')
    })
    expect(process.stdout.write('text')).toBe(true)
    stop()
    expect(written).toHaveLength(1)
  })
})
