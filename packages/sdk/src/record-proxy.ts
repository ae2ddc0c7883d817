/** What a proxy shows as an object's properties: `methods` come before values of the same name. */
export type RecordAccess = {
  get(key: string): unknown
  has(key: string): boolean
  keys(): string[]
  set(key: string, value: unknown): void
  remove(key: string): void
  methods: Readonly<Record<string, unknown>>
}

/** An object whose properties are what `access` has. `isShape` tells that it is what its type says. */
export function recordProxy<Shape extends object>(
  access: () => RecordAccess,
  isShape: (proxy: object) => proxy is Shape,
): Shape {
  const snapshot = (): Record<string, unknown> =>
    Object.fromEntries(
      access()
        .keys()
        .map((key) => [key, access().get(key)]),
    )
  const proxy = new Proxy(printedAs({}, snapshot), {
    get(_, key) {
      if (typeof key === 'symbol') return undefined
      const { methods } = access()
      return Object.hasOwn(methods, key) ? methods[key] : access().get(key)
    },
    has: (_, key) => typeof key === 'string' && access().has(key),
    ownKeys: () => access().keys(),
    getOwnPropertyDescriptor(_, key) {
      if (typeof key !== 'string' || !access().has(key)) return undefined
      return { value: access().get(key), enumerable: true, configurable: true, writable: true }
    },
    set(_, key, value) {
      if (typeof key !== 'string') return false
      access().set(key, value)
      return true
    },
    deleteProperty(_, key) {
      if (typeof key !== 'string') return false
      access().remove(key)
      return true
    },
  })
  if (!isShape(proxy)) throw new TypeError('a record lacks its methods')
  return proxy
}

/** True when all of the methods are properties of the object. */
export function hasMethods(object: object, methods: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(methods).every(([name, method]) => Reflect.get(object, name) === method)
}

/** An object that is, at each use, what `target` answers then. */
export function forwardingProxy<Target extends object>(target: () => Target): Target {
  const never: Target = Object.create(null)
  return new Proxy(printedAs(never, target), {
    get: (_, key) => Reflect.get(target(), key),
    has: (_, key) => Reflect.has(target(), key),
    ownKeys: () => Reflect.ownKeys(target()),
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(target(), key),
    set: (_, key, value) => Reflect.set(target(), key, value),
    deleteProperty: (_, key) => Reflect.deleteProperty(target(), key),
  })
}

/** Node prints what is behind a proxy and asks none of its traps: it is told there what to print. */
function printedAs<Target extends object>(target: Target, shown: () => object): Target {
  return Object.defineProperty(target, Symbol.for('nodejs.util.inspect.custom'), { value: shown, configurable: true })
}
