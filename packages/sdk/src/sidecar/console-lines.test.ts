import { maxConsoleLineLength } from '@kiroku/core/history'
import { isStorableText } from '@kiroku/core/values'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConsoleLines } from './console-lines.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The lines of what was printed in these pieces, all to standard output. */
function shown(...pieces: (string | Uint8Array)[]): string[] {
  const lines = new ConsoleLines()
  pieces.forEach((piece, index) => {
    const bytes = typeof piece === 'string' ? bytesOf(piece) : piece
    lines.write('stdout', bytes, { seq: index + 1, time: 0, isWanted: true })
  })
  return lines.take().map(({ text }) => text)
}

describe('6.4 console lines', () => {
  it.each<[string, string, string[]]>([
    ['lines, an empty one too', 'a\n\nb\n', ['a', '', 'b']],
    ['a line that is not ended', 'a\nb', ['a', 'b']],
    ['Windows line ends', 'a\r\nb\r\n', ['a', 'b']],
    ['a line that is written over', '10%\r20%\r100%\n', ['100%']],
    ['one that is written over in part', 'abcdef\rXY\n', ['XYcdef']],
    ['backspaces', 'abc\b\bX\n', ['aXc']],
    ['a backspace at the start', '\b\bX', ['X']],
    ['an erased rest', 'abcdef\r\u001b[Kxy\n', ['xy']],
    ['an erased line', 'abcdef\u001b[2K\rxy\n', ['xy']],
    ['an erased start', 'abcdef\u001b[3D\u001b[1KX', ['   Xef']],
    ['the cursor up and down', 'a\nb\nc\n\u001b[3AX\u001b[2BZ', ['X', 'b', 'cZ']],
    ['up beyond the first', 'a\n\u001b[9AX\n', ['X']],
    ['down no further than the last', 'a\nb\u001b[9BX\n', ['a', 'bX']],
    ['lines by E and F', 'a\nb\u001b[FX\u001b[EY', ['X', 'Y']],
    ['columns', 'abc\u001b[1GX\u001b[5GY\u001b[2DZ', ['XbcZY']],
    ['all below erased', 'a\nb\nc\u001b[2A\r\u001b[Jx', ['x', '', '']],
    ['titles and links dropped', '\u001b]0;title\u0007a\u001b]8;;http://x\u001b\\b', ['ab']],
    ['other sequences dropped', '\u001b[?25la\u001b[?25h\u001b(Bb\u001b7c\u001b[6n', ['abc']],
    ['other control characters dropped', 'a\u0000\u0001\u007f\u0085b', ['ab']],
    ['tabs kept', 'a\tb', ['a\tb']],
    ['colours kept', '\u001b[31mred\u001b[0m plain', ['\u001b[31mred\u001b[0m plain']],
    ['colours ended with the line', '\u001b[1;38;5;200mx', ['\u001b[1;38;5;200mx\u001b[0m']],
    [
      'colours that go on in the next line',
      '\u001b[32ma\nb\u001b[39mc',
      ['\u001b[32ma\u001b[0m', '\u001b[32mb\u001b[0mc'],
    ],
    ['attributes ended one by one', '\u001b[1;4ma\u001b[22mb', ['\u001b[1;4ma\u001b[0m\u001b[4mb\u001b[0m']],
    ['characters of several bytes', '記録 😀\r記', ['記録 😀']],
  ])('shows %s', (_name, text, lines) => {
    expect(shown(text)).toEqual(lines)
  })

  it('puts a character together that comes in two pieces', () => {
    const [whole, bytes] = ['記', bytesOf('記')]
    expect(shown(bytes.slice(0, 1), bytes.slice(1), '\n')).toEqual([whole])
  })

  it('shows bars as a progress library draws them', () => {
    const frames = Array.from({ length: 50 }, (_, at) => `\r\u001b[K${'#'.repeat(at)} ${at}/49`).join('')
    expect(shown(`before\n${frames}\nafter\n`)).toEqual(['before', `${'#'.repeat(49)} 49/49`, 'after'])
  })

  it('cuts what is too long, and says by how much', () => {
    const [line = ''] = shown('x'.repeat(20_000))
    expect(line.length).toBeLessThanOrEqual(maxConsoleLineLength)
    const kept = line.indexOf(' ...')
    expect(line.slice(kept)).toBe(` ... (${20_000 - kept} more characters)`)
    expect(shown('y'.repeat(maxConsoleLineLength))).toEqual(['y'.repeat(maxConsoleLineLength)])
  })

  it('numbers lines over both streams in the order in which they begin', () => {
    const lines = new ConsoleLines()
    const write = (stream: 'stdout' | 'stderr', text: string, seq: number): void =>
      lines.write(stream, bytesOf(text), { seq, time: seq, isWanted: true })
    write('stdout', 'begun ', 1)
    write('stderr', 'warning\n', 2)
    write('stdout', 'and ended\nnext\n', 3)
    expect(lines.take().sort((left, right) => left.line - right.line)).toEqual([
      { seq: 3, line: 0, stream: 'stdout', time: 1, text: 'begun and ended' },
      { seq: 2, line: 1, stream: 'stderr', time: 2, text: 'warning' },
      { seq: 3, line: 2, stream: 'stdout', time: 3, text: 'next' },
    ])
  })

  it('gives a line again when it changes, and only then', () => {
    const lines = new ConsoleLines()
    const write = (text: string, seq: number, isWanted = true): void =>
      lines.write('stdout', bytesOf(text), { seq, time: 0, isWanted })
    write('a\n10%', 1)
    expect(lines.take().map(({ line, text }) => [line, text])).toEqual([
      [0, 'a'],
      [1, '10%'],
    ])
    write('\r20%', 2)
    expect(lines.take().map(({ line, text }) => [line, text])).toEqual([[1, '20%']])
    write('\r30%', 3, false)
    expect(lines.take()).toEqual([])
  })

  const piece = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.string({ unit: fc.constantFrom('a', 'b', ' ', '記', '😀', '\n', '\r', '\b', '\t'), maxLength: 9 }),
    },
    fc.constantFrom(
      '\u001b[',
      '\u001b]0;t\u0007',
      '\u001b[2K',
      '\u001b[K',
      '\u001b[1A',
      '\u001b[2B',
      '\u001b[31m',
      '\u001b[0m',
    ),
    fc.constantFrom('\u001b[38;2;1;2;3m', '\u001b[9999999C', '\u001b[J', '\u001b', '\u001b[3G', '\u0000', '\u009b'),
  )

  it('shows the same however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
        (pieces, sizes) => {
          const bytes = bytesOf(pieces.join(''))
          const cut: Uint8Array[] = []
          for (let at = 0; at < bytes.length; ) {
            const size = sizes.next().value ?? 1
            cut.push(bytes.slice(at, at + size))
            at += size
          }
          const byNumber = (lines: ConsoleLines): string[] =>
            lines
              .take()
              .sort((left, right) => left.line - right.line)
              .map(({ line, text }) => `${line} ${text}`)
          const [atOnce, inPieces] = [new ConsoleLines(), new ConsoleLines()]
          const place = { seq: 1, time: 0, isWanted: true }
          atOnce.write('stdout', bytes, place)
          for (const part of cut) inPieces.write('stdout', part, place)
          expect(byNumber(inPieces)).toEqual(byNumber(atOnce))
        },
      ),
    )
  })

  it('makes lines that a server takes, of any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(piece.map(bytesOf), fc.uint8Array({ maxLength: 30 }))), (pieces) => {
        for (const text of shown(...pieces)) {
          expect(isStorableText(text)).toBe(true)
          expect(text.length).toBeLessThanOrEqual(maxConsoleLineLength)
          expect(text).not.toContain('\n')
        }
      }),
    )
  })
})
