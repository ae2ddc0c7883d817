import { controlCharacterPattern, escapeSequencePattern } from '@kiroku/core/terminal'

/** How a stretch of text is to look. Colours are places of the palette, 0 to 15, or CSS colours. */
export type TextStyle = {
  color?: number | string
  background?: number | string
  isBold?: boolean
  isDim?: boolean
  isItalic?: boolean
  isUnderlined?: boolean
  isStruck?: boolean
  isInverse?: boolean
}

/** A stretch of text that looks alike. */
export type TextSpan = { text: string; style: TextStyle }

const sequence = new RegExp(escapeSequencePattern, 'g')
const controls = new RegExp(controlCharacterPattern, 'g')
/** Select Graphic Rendition: the sequences that change how text looks. */
const rendition = /^.\[([0-9;:]*)m$/

/** A line as spans: colours and weights (SGR) are kept, everything else that terminals are told is taken out. */
export function spansOf(line: string): TextSpan[] {
  const spans: TextSpan[] = []
  let style: TextStyle = {}
  let from = 0
  const push = (part: string): void => {
    const text = part.replace(controls, '')
    if (text !== '') spans.push({ text, style })
  }
  for (const found of line.matchAll(sequence)) {
    push(line.slice(from, found.index))
    from = found.index + found[0].length
    const parameters = rendition.exec(found[0])?.[1]
    if (parameters !== undefined) style = styleAfter(style, parameters)
  }
  push(line.slice(from))
  return spans
}

/** A line's text alone. */
export function plainText(line: string): string {
  return spansOf(line)
    .map(({ text }) => text)
    .join('')
}

const simple: Readonly<Record<number, TextStyle>> = {
  1: { isBold: true },
  2: { isDim: true },
  3: { isItalic: true },
  4: { isUnderlined: true },
  7: { isInverse: true },
  9: { isStruck: true },
}

const ended: Readonly<Record<number, readonly (keyof TextStyle)[]>> = {
  22: ['isBold', 'isDim'],
  23: ['isItalic'],
  24: ['isUnderlined'],
  27: ['isInverse'],
  29: ['isStruck'],
  39: ['color'],
  49: ['background'],
}

function styleAfter(before: TextStyle, parameters: string): TextStyle {
  const codes = parameters.split(/[;:]/).map(Number)
  let style = before
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0
    if (code === 0) style = {}
    else if (simple[code] !== undefined) style = { ...style, ...simple[code] }
    else if (ended[code] !== undefined) style = without(style, ended[code])
    else if (code === 38 || code === 48) {
      const { color, used } = extendedColor(codes.slice(index + 1))
      if (color !== null) style = code === 38 ? { ...style, color } : { ...style, background: color }
      index += used
    } else {
      const color = paletteColor(code % 10, code >= 90)
      if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) style = { ...style, color }
      if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) style = { ...style, background: color }
    }
  }
  return style
}

const paletteColor = (place: number, isBright: boolean): number => place + (isBright ? 8 : 0)

function without(style: TextStyle, keys: readonly (keyof TextStyle)[]): TextStyle {
  const left = { ...style }
  for (const key of keys) delete left[key]
  return left
}

/** What follows 38 or 48: `5;N` or `2;R;G;B`. `used` is how many codes that takes. */
function extendedColor(codes: readonly number[]): { color: number | string | null; used: number } {
  const [kind, ...rest] = codes
  if (kind === 5) return { color: color256(rest[0] ?? 0), used: 2 }
  if (kind !== 2) return { color: null, used: 1 }
  const [red = 0, green = 0, blue = 0] = rest.map(byte)
  return { color: `rgb(${red} ${green} ${blue})`, used: 4 }
}

const byte = (value: number): number => (value >= 0 && value <= 255 ? Math.round(value) : 0)

function color256(given: number): number | string {
  const code = byte(given)
  if (code < 16) return code
  if (code >= 232) {
    const grey = 8 + (code - 232) * 10
    return `rgb(${grey} ${grey} ${grey})`
  }
  const level = (part: number): number => (part === 0 ? 0 : 55 + part * 40)
  const cube = code - 16
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`
}

const rgb = /^rgb\((\d+) (\d+) (\d+)\)$/

/** The colour as light or dark as it must be to be read on the page; its hue stays. */
const onPage = (color: string): string => `oklch(from ${color} clamp(var(--ansi-least), l, var(--ansi-most)) c h)`

/**
 * The CSS colour of text, and that behind it. The palette is made to be read on the page, so text on one of its colours has
 * the page's colour; on any other background text of the palette, or of no colour of its own, is black or white.
 */
export function paintOf({ color, background, isInverse }: TextStyle): { front: string | null; back: string | null } {
  const css = (one: number | string): string => (typeof one === 'number' ? `var(--ansi-${one})` : one)
  const [front, back] = isInverse === true ? [background ?? 'var(--bg)', color ?? 'var(--text)'] : [color, background]
  if (back === undefined)
    return { front: typeof front === 'string' ? onPage(front) : front === undefined ? null : css(front), back: null }
  if (typeof back === 'number') return { front: 'var(--bg)', back: css(back) }
  const [red = 0, green = 0, blue = 0] = (rgb.exec(back) ?? []).slice(1).map(Number)
  const isOwn = typeof front === 'string' || !rgb.test(back)
  if (isOwn) return { front: front === undefined ? null : css(front), back }
  return { front: 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? '#000' : '#fff', back }
}

/** The spans cut where `sought` begins and ends, without regard to case; those that are it are marked. */
export function markFound(spans: readonly TextSpan[], sought: string): (TextSpan & { isFound: boolean })[] {
  const wanted = sought.toLowerCase()
  const whole = spans.map(({ text }) => text).join('')
  const lower = whole.toLowerCase()
  // Lower case of some letters is longer, and places in it are then not those of the text.
  if (wanted === '' || lower.length !== whole.length) return spans.map((span) => ({ ...span, isFound: false }))
  const edges = new Set<number>()
  const found: { from: number; to: number }[] = []
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length)) {
    found.push({ from: at, to: at + wanted.length })
    edges.add(at).add(at + wanted.length)
  }
  const parts: (TextSpan & { isFound: boolean })[] = []
  let start = 0
  for (const { text, style } of spans) {
    const end = start + text.length
    const cuts = [start, ...[...edges].filter((edge) => edge > start && edge < end).toSorted((a, b) => a - b), end]
    for (const [index, from] of cuts.slice(0, -1).entries()) {
      const to = cuts[index + 1] ?? end
      const isFound = found.some((one) => from >= one.from && to <= one.to)
      parts.push({ text: whole.slice(from, to), style, isFound })
    }
    start = end
  }
  return parts
}
