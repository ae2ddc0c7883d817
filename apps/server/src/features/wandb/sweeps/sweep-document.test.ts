import { describe, expect, it } from 'vitest'
import { readSweepDocument, writeSweepDocument } from './sweep-document.ts'

describe('the config of a sweep', () => {
  it('is read as PyYAML writes it', () => {
    const text = [
      'command:',
      '- python3',
      '- "008"',
      'method: bayes',
      'y: n',
      'parameters:',
      '  lr:',
      '    distribution: uniform',
      '    max: 0.1',
      '    min: 1.0e-05',
      "  code: {values: ['008', 'yes', null, true, 1.5]}",
    ].join('\n')
    expect(readSweepDocument(text)).toEqual({
      command: ['python3', '008'],
      method: 'bayes',
      y: 'n',
      parameters: {
        lr: { distribution: 'uniform', max: 0.1, min: 1e-5 },
        code: { values: ['008', 'yes', null, true, 1.5] },
      },
    })
  })

  it('goes back with the same values, and numbers that YAML 1.1 knows', () => {
    const document = { a: [1e-7, -2.5e-9, 1e21, 3, 0.5, 'x: y', null, true], b: { 'c d': 'yes' } }
    const text = writeSweepDocument(document)
    expect(text).toContain('1.0e-7')
    expect(text).toContain('1.0e+21')
    expect(readSweepDocument(text)).toEqual(document)
  })

  it.each([
    ['method: [', 'sweep config: it is no YAML'],
    ['- 1', 'sweep config: input: Invalid input: expected record'],
    ['a: &x [1]\nb: [*x, *x]'.concat('\nc: !!python/object:os.system {}'), ''],
  ])('refuses %j, or reads it as plain data', (text, message) => {
    if (message) expect(() => readSweepDocument(text)).toThrow(message)
    else expect(readSweepDocument(text)).toMatchObject({ a: [1], b: [[1], [1]], c: {} })
  })

  it('refuses aliases that stand for a huge document', () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(9)}]`,
    )
    expect(() => readSweepDocument(['a0: &a0 [1]', ...levels].join('\n'))).toThrow('sweep config: it is no YAML')
  })
})
