import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Value } from '@kiroku/core/values'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigStore, type ConfigUpdateOptions, type RunConfig } from './config.ts'
import { configValues } from './declared.ts'
import { configOf } from './run-config.ts'
import { toValue } from './wire-value.ts'

function open(
  initial: Record<string, unknown>,
  options?: ConfigUpdateOptions,
): { config: RunConfig<Record<string, unknown>>; sets: Record<string, Value>[]; store: ConfigStore } {
  const sets: Record<string, Value>[] = []
  const store = new ConfigStore(initial, (set) => sets.push(structuredClone(set)), options)
  return { config: configOf(store), sets, store }
}

const record = (value: unknown): Record<string, unknown> => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object(value)
  throw new Error('no record')
}
const list = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return value
  throw new Error('no list')
}

describe('4.3 config', () => {
  it('changes what stands only when allowed, by call or for the whole run', () => {
    const { config, sets } = open({ lr: 0.1 })
    config['lr'] = 0.1
    const change = (): void => {
      config['lr'] = 0.2
    }
    expect(change).toThrow('config.lr is 0.1 already; { allowValChange: true } lets it become 0.2')
    expect(() => config.update({ depth: 3, lr: 0.2 })).toThrow(/config\.lr is 0\.1 already/)
    expect({ ...config }).toEqual({ lr: 0.1 })
    config.update({ lr: 0.2 }, { allowValChange: true })
    expect(sets).toEqual([{ lr: 0.2 }])
    const free = open({ lr: 0.1 }, { allowValChange: true })
    free.config['lr'] = 0.3
    expect(free.sets).toEqual([{ lr: 0.3 }])
    expect(() => free.config.set('lr', 1, { allowValChange: false })).toThrow(/already/)
  })

  it('sets defaults where nothing is set, also where null is', () => {
    const { config, sets } = open({ lr: 0.1, none: null })
    config.setDefaults({ lr: 1, none: 2, depth: 3 })
    config.setDefaults({ depth: 4 })
    expect({ ...config }).toEqual({ lr: 0.1, none: null, depth: 3 })
    expect(sets).toEqual([{ depth: 3 }])
  })

  it('keeps numbers that are not finite', () => {
    const { config, store } = open({ a: Number.NaN })
    config['a'] = Number.NaN
    config['b'] = Number.NEGATIVE_INFINITY
    expect(store.stored).toEqual({ a: Number.NaN, b: Number.NEGATIVE_INFINITY })
  })

  it('reads its values from a JSON file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'kiroku-config-'))
    try {
      const path = join(directory, 'config.json')
      writeFileSync(path, '{"lr": 0.1, "layers": [1, 2]}')
      expect(configValues(path)).toEqual({ lr: 0.1, layers: [1, 2] })
      writeFileSync(path, '[1]')
      expect(() => configValues(path)).toThrow(/config must be a record/)
      writeFileSync(path, '{')
      expect(() => configValues(path)).toThrow(/config\.json is no JSON file/)
      expect(() => configValues(join(directory, 'none.json'))).toThrow(/ENOENT/)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

describe('4.3 config changed in place (defect 11)', () => {
  it('stores what is put into a record or a list, as the whole value of its key', () => {
    const { config, sets } = open({ optimizer: { name: 'adam', betas: [0.9] }, layers: [{ units: 1 }] })
    record(config['optimizer'])['eps'] = 1e-8
    list(record(config['optimizer'])['betas']).push(0.999)
    list(config['layers']).push({ units: 2 }, { units: 3 })
    record(list(config['layers'])[0])['bias'] = true
    expect(sets.at(0)).toEqual({ optimizer: { name: 'adam', betas: [0.9], eps: 1e-8 } })
    expect(sets.at(1)).toEqual({ optimizer: { name: 'adam', betas: [0.9, 0.999], eps: 1e-8 } })
    expect(sets.at(-1)).toEqual({ layers: [{ units: 1, bias: true }, { units: 2 }, { units: 3 }] })
  })

  it('goes by the same rule as the value of a key', () => {
    const { config, sets } = open({ optimizer: { lr: 0.1, betas: [0.9, 0.99] } })
    const optimizer = record(config['optimizer'])
    optimizer['lr'] = 0.1
    expect(() => {
      optimizer['lr'] = 0.2
    }).toThrow('config.optimizer.lr is 0.1 already; { allowValChange: true } lets it become 0.2')
    expect(() => list(optimizer['betas']).pop()).toThrow(/config\.optimizer\.betas\.1 is 0\.99 already/)
    expect(() => {
      list(optimizer['betas']).length = 0
    }).toThrow(/config\.optimizer\.betas is \[0\.9,0\.99\] already/)
    expect(() => delete optimizer['lr']).toThrow(/lets it be removed/)
    expect(sets).toEqual([])
    const free = open({ optimizer: { lr: 0.1, betas: [0.9, 0.99] } }, { allowValChange: true })
    list(record(free.config['optimizer'])['betas']).pop()
    delete record(free.config['optimizer'])['lr']
    expect(free.sets).toEqual([{ optimizer: { lr: 0.1, betas: [0.9] } }, { optimizer: { betas: [0.9] } }])
  })

  it('leaves what the caller gave alone, and is not changed through it', () => {
    const given = { optimizer: { lr: 0.1 } }
    const { config, store } = open(given)
    record(config['optimizer'])['eps'] = 1
    given.optimizer.lr = 5
    expect(given).toEqual({ optimizer: { lr: 5 } })
    expect(store.stored).toEqual({ optimizer: { lr: 0.1, eps: 1 } })
  })

  it('does not change what cannot be stored', () => {
    const store = new ConfigStore({ a: { b: 1 }, l: [1, 2] }, () => {
      throw new Error('too late')
    })
    const config: RunConfig<Record<string, unknown>> = configOf(store)
    expect(() => {
      record(config['a'])['c'] = 2
    }).toThrow('too late')
    expect(() => list(config['l']).push(3)).toThrow('too late')
    expect({ ...config }).toEqual({ a: { b: 1 }, l: [1, 2] })
  })

  it('reads as what it holds', () => {
    const value = fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      fc.jsonValue().filter((each) => !JSON.stringify(each).includes('__proto__')),
    )
    fc.assert(
      fc.property(value, (given) => {
        const { config } = open({ value: given })
        expect(config['value']).toEqual(given)
        expect(JSON.stringify(config['value'])).toBe(JSON.stringify(given))
        expect(toValue(config['value'])).toEqual(toValue(given))
        expect(config['value']).toBe(config['value'])
      }),
    )
  })
})
