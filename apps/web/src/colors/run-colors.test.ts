import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assignRunColors, colorSlot, runColor, runPalette } from './run-colors.ts'

type Rgb = [number, number, number]

const linear = (hex: string): Rgb => {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return [channel(1), channel(3), channel(5)]
}

const luminance = ([red, green, blue]: Rgb): number => 0.2126 * red + 0.7152 * green + 0.0722 * blue

const contrast = (first: string, second: string): number => {
  const [dark = 0, light = 0] = [luminance(linear(first)), luminance(linear(second))].sort((one, two) => one - two)
  return (light + 0.05) / (dark + 0.05)
}

const times = (matrix: readonly number[], [x, y, z]: Rgb): Rgb => {
  const row = (at: number): number => (matrix[at] ?? 0) * x + (matrix[at + 1] ?? 0) * y + (matrix[at + 2] ?? 0) * z
  return [row(0), row(3), row(6)]
}

const oklab = ([red, green, blue]: Rgb): Rgb => {
  const cone = times(
    [0.41222, 0.53633, 0.05145, 0.2119, 0.68068, 0.10741, 0.0883, 0.28172, 0.62998],
    [Math.max(0, red), Math.max(0, green), Math.max(0, blue)],
  )
  return times(
    [0.21045, 0.79362, -0.00407, 1.978, -2.42859, 0.45059, 0.0259, 0.78277, -0.80868],
    [Math.cbrt(cone[0]), Math.cbrt(cone[1]), Math.cbrt(cone[2])],
  )
}

const visions = {
  usual: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
}

test('every colour has 3:1 against both backgrounds', () => {
  for (const color of runPalette) {
    expect(contrast(color, '#ffffff')).toBeGreaterThanOrEqual(3)
    expect(contrast(color, '#111214')).toBeGreaterThanOrEqual(3)
  }
})

test.each(Object.entries(visions))('no two colours look alike with %s', (_name, matrix) => {
  const seen = runPalette.map((color) => oklab(times(matrix, linear(color))))
  for (const [index, one] of seen.entries()) {
    for (const other of seen.slice(0, index)) {
      expect(Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2])).toBeGreaterThan(0.05)
    }
  }
})

test('a colour depends on the id alone', () => {
  expect(runColor('a1b2c3d4')).toBe(runColor('a1b2c3d4'))
  expect(new Set(Array.from({ length: 200 }, (_, index) => colorSlot(`run-${index}`))).size).toBe(runPalette.length)
})

test('up to twelve runs seen together differ, and a new run changes no other', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 12 }), (ids) => {
      const colors = assignRunColors(ids)
      expect(new Set(colors.values()).size).toBe(ids.length)
      const before = assignRunColors(ids.slice(0, -1))
      for (const id of ids.slice(0, -1)) expect(colors.get(id)).toBe(before.get(id))
      expect(colors.get(ids[0] ?? '')).toBe(runColor(ids[0] ?? ''))
    }),
  )
})

test('runs keep the colours that they were seen in, whatever else is seen', () => {
  const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(ids, fc.nat(10), (all, gone) => {
      const before = assignRunColors(all.slice(0, -1))
      const after = assignRunColors(all.slice(gone), before)
      for (const id of all.slice(gone, -1)) expect(after.get(id)).toBe(before.get(id))
    }),
  )
})

test('a kept colour gives way where two runs that meet have the same and another is free', () => {
  const kept = new Map([
    ['a', runPalette[3]],
    ['b', runPalette[3]],
  ])
  const colors = assignRunColors(['a', 'b'], kept)
  expect(colors.get('a')).toBe(runPalette[3])
  expect(colors.get('b')).not.toBe(runPalette[3])
})

test('colours are used equally often', () => {
  const uses = new Map<string, number>()
  for (const color of assignRunColors(Array.from({ length: 30 }, (_, index) => `run-${index}`)).values())
    uses.set(color, (uses.get(color) ?? 0) + 1)
  expect([...uses.values()].toSorted()).toEqual([2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3])
})
