import type { InitOptions } from '../src/init.ts'
import type { LogOptions } from '../src/run.ts'
import { Script, until } from './script.ts'

type Step =
  | { log: [row: object, options?: LogOptions] }
  | { define: [name: string, options?: object] }
  | { config: object }
  | { summary: object }
  | { unset: string }
  | { put: { path: (string | number)[]; value: unknown } }
  | { preempting: true }
  | { isKnown: true }
  | { pause: number }

/** What `begin.mjs` is to do. */
export type Beginning = {
  options?: Omit<InitOptions<Record<string, unknown>, never>, 'metrics'>
  steps?: Step[]
  end?: 'finish' | 'exit' | 'hang' | 'none'
}

/** What a script that has ended told: what the run said of itself at its beginning and its end, or what `init()` threw. */
export type Told = {
  begun: Record<string, unknown>
  done: Record<string, unknown>
  thrown: unknown
  stderr: string
  code: number | NodeJS.Signals | null
}

/** Starts `begin.mjs`. */
export function begin(what: Beginning, env: Readonly<Record<string, string>>): Script {
  return new Script('begin.mjs', [JSON.stringify(what)], env)
}

/** Runs `begin.mjs` to its end, and until all that it said is sent. */
export async function ran(what: Beginning, env: Readonly<Record<string, string>>): Promise<Told> {
  await using script = begin(what, env)
  const code = await script.exit()
  await until(() => script.sidecars().length === 0 || undefined, 'what it left to be sent')
  return {
    begun: script.lines.find(({ begun }) => begun !== undefined) ?? {},
    done: script.lines.find(({ done }) => done !== undefined) ?? {},
    thrown: script.lines.find(({ thrown }) => thrown !== undefined)?.['thrown'],
    stderr: script.stderr,
    code,
  }
}
