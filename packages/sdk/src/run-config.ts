import { KirokuError } from '@kiroku/core/errors'
import type { ConfigStore, ConfigUpdateOptions, RunConfig } from './config.ts'
import { hasMethods, type RecordAccess, recordProxy } from './record-proxy.ts'

/** The config as a script sees it. */
export function configOf<Config>(store: ConfigStore): RunConfig<Config> {
  const methods = {
    get: (key: string): unknown => store.get(key),
    set: (key: string, value: unknown, options?: ConfigUpdateOptions): void => store.update({ [key]: value }, options),
    update: (values: object, options?: ConfigUpdateOptions): void => store.update(values, options),
    setDefaults: (values: object): void => store.setDefaults(values),
  }
  const remove = (key: string): void => {
    if (store.has(key)) throw new KirokuError({ code: 'BAD_REQUEST', message: `config.${key} cannot be removed` })
  }
  const access = (): RecordAccess => ({
    get: (key) => store.get(key),
    has: (key) => store.has(key),
    keys: () => store.keys(),
    set: (key, value) => store.update({ [key]: value }),
    remove,
    methods,
  })
  return recordProxy(access, (proxy): proxy is RunConfig<Config> => hasMethods(proxy, methods))
}
