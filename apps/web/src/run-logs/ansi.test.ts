import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { markFound, paintOf, plainText, spansOf } from './ansi.ts'

describe('colours of terminals', () => {
  test('are kept as spans: the palette, 256 colours and any colour', () => {
    expect(spansOf('a\x1b[31mb\x1b[1;92mc\x1b[0md')).toEqual([
      { text: 'a', style: {} },
      { text: 'b', style: { color: 1 } },
      { text: 'c', style: { color: 10, isBold: true } },
      { text: 'd', style: {} },
    ])
    expect(spansOf('\x1b[38;5;196mx\x1b[48;2;1;2;3my')).toEqual([
      { text: 'x', style: { color: 'rgb(255 0 0)' } },
      { text: 'y', style: { color: 'rgb(255 0 0)', background: 'rgb(1 2 3)' } },
    ])
    expect(spansOf('\x1b[38;5;9;4mx')[0]?.style).toEqual({ color: 9, isUnderlined: true })
    expect(spansOf('\x1b[1;2;3;9;7mx\x1b[22;39;27my')[1]?.style).toEqual({ isItalic: true, isStruck: true })
    expect(spansOf('\x1b[41mx\x1b[49my')).toEqual([
      { text: 'x', style: { background: 1 } },
      { text: 'y', style: {} },
    ])
    expect(spansOf('\x1b[31mx\x1b[my').at(-1)?.style).toEqual({})
  })

  test('can be read on any background', () => {
    const paint = (text: string) => paintOf(spansOf(`${text}x`)[0]?.style ?? {})
    expect(paint('')).toEqual({ front: null, back: null })
    expect(paint('\x1b[31m')).toEqual({ front: 'var(--ansi-1)', back: null })
    expect(paint('\x1b[38;2;0;0;99m').front).toBe(
      'oklch(from rgb(0 0 99) clamp(var(--ansi-least), l, var(--ansi-most)) c h)',
    )
    expect(paint('\x1b[30;42m')).toEqual({ front: 'var(--bg)', back: 'var(--ansi-2)' })
    expect(paint('\x1b[7m')).toEqual({ front: 'var(--bg)', back: 'var(--text)' })
    expect(paint('\x1b[31;7m')).toEqual({ front: 'var(--bg)', back: 'var(--ansi-1)' })
    expect(paint('\x1b[48;2;250;250;200m').front).toBe('#000')
    expect(paint('\x1b[37;48;2;9;9;90m').front).toBe('#fff')
    expect(paint('\x1b[38;2;1;2;3;48;2;4;5;6m')).toEqual({ front: 'rgb(1 2 3)', back: 'rgb(4 5 6)' })
  })

  test('what else a terminal is told is taken out', () => {
    expect(plainText('\x1b[2K\x1b[1Gdone\x1b[?25h')).toBe('done')
    expect(plainText('\x1b]8;;https://a.example\x07link\x1b]8;;\x1b\\!')).toBe('link!')
    expect(plainText('a\tb\bc\rd\x1b(Be\x1b')).toBe('a\tbcde')
  })

  test('text without escapes stays as it is, and no control character but the tab is ever left', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be left
        expect(plainText(text)).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f]/)
      }),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(plainText(text)).toBe(text)
      }),
    )
  })
})

describe('what is sought', () => {
  test('is marked across spans, without regard to case', () => {
    const parts = markFound(spansOf('Train \x1b[31mLOSS\x1b[0m los'), 'n loss l')
    expect(parts.map(({ text, isFound }) => [text, isFound])).toEqual([
      ['Trai', false],
      ['n ', true],
      ['LOSS', true],
      [' l', true],
      ['os', false],
    ])
  })

  test('changes no text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'İ') })), fc.string(), (texts, sought) => {
        const parts = markFound(
          texts.map((text) => ({ text, style: {} })),
          sought,
        )
        expect(parts.map(({ text }) => text).join('')).toBe(texts.join(''))
      }),
    )
  })
})
