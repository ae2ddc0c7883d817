import { KirokuError, parseInput } from '@kiroku/core/errors'
import { newRunSlug } from '@kiroku/core/ids'
import { type ResumeMode, resumeModeSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import type { SdkEnv } from './env-schema.ts'
import { readResumeFile } from './resume-file.ts'
import { parseMoment, type RunMoment } from './run-moment.ts'
import type { RunOptions } from './settings.ts'

/** What is asked of a run that is known already. At most one of the three is there. */
export type Beginning = {
  resume?: ResumeMode
  /** The id comes from the note of an interrupted run, and the run is noted in its turn. */
  isAutomatic: boolean
  rewind?: RunMoment
  fork?: RunMoment
}

const yes = /^(y|yes|t|true|on|1)$/i
const no = /^(n|no|f|false|off|0)$/i
const resumeSchema = z.union([resumeModeSchema, z.literal('auto'), z.boolean()], {
  error: 'expected allow, must, never, auto, true or false',
})

type Asked = { resume?: unknown; resumeFrom?: unknown; forkFrom?: unknown }

/** What the options, else the environment, ask. Throws `KirokuError` BAD_REQUEST where two of the three are asked at once. */
export function beginningOf(options: RunOptions, env: SdkEnv): Beginning {
  const { resume, resumeFrom, forkFrom } = options
  const isTold = resume !== undefined || resumeFrom !== undefined || forkFrom !== undefined
  const fromEnv = {
    resume: wordOf(env.KIROKU_RESUME),
    resumeFrom: env.KIROKU_RESUME_FROM,
    forkFrom: env.KIROKU_FORK_FROM,
  }
  const asked: Asked = isTold ? { resume, resumeFrom, forkFrom } : fromEnv
  const names = isTold
    ? { resume: 'resume', resumeFrom: 'resumeFrom', forkFrom: 'forkFrom' }
    : { resume: 'KIROKU_RESUME', resumeFrom: 'KIROKU_RESUME_FROM', forkFrom: 'KIROKU_FORK_FROM' }
  const given = [
    ...(asked.resume === undefined || asked.resume === false ? [] : [names.resume]),
    ...(asked.resumeFrom === undefined ? [] : [names.resumeFrom]),
    ...(asked.forkFrom === undefined ? [] : [names.forkFrom]),
  ]
  if (given.length > 1) {
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `init: ${given.join(' and ')} exclude each other; give one of them`,
    })
  }
  const mode = asked.resume === undefined ? false : parseInput(resumeSchema, asked.resume, `init: ${names.resume}`)
  const isAutomatic = mode === 'auto' || mode === true
  const known = isAutomatic ? 'allow' : mode === false ? undefined : mode
  return {
    isAutomatic,
    ...(known !== undefined && { resume: known }),
    ...(asked.resumeFrom !== undefined && { rewind: parseMoment(asked.resumeFrom, `init: ${names.resumeFrom}`) }),
    ...(asked.forkFrom !== undefined && { fork: parseMoment(asked.forkFrom, `init: ${names.forkFrom}`) }),
  }
}

function wordOf(text: string | undefined): string | boolean | undefined {
  if (text === undefined) return undefined
  if (yes.test(text)) return true
  return no.test(text) ? false : text.toLowerCase()
}

/** The run's id: as asked, else that of the run that goes on, else a new one. Throws BAD_REQUEST where two do not fit. */
export function idOf(
  { isAutomatic, rewind, fork }: Beginning,
  {
    project,
    asked,
    root,
    warn,
  }: {
    project: string
    asked: string | undefined
    root?: string | undefined
    warn?: ((text: string) => void) | undefined
  },
): string {
  if (rewind !== undefined && asked !== undefined && asked !== rewind.run) {
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `init: resumeFrom goes on with run ${rewind.run}, which cannot have the id ${asked} (forkFrom makes a new run)`,
    })
  }
  if (fork !== undefined && asked === fork.run) {
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `init: forkFrom makes a new run, which cannot have the id ${asked} of the run that it is made from`,
    })
  }
  const noted = isAutomatic && root !== undefined ? readResumeFile(root) : undefined
  const interrupted = noted?.project === project ? noted.id : undefined
  if (interrupted !== undefined && asked !== undefined && interrupted !== asked) {
    warn?.(`run ${interrupted} was interrupted here, but the id is set to ${asked}, which is resumed instead`)
  }
  return asked ?? rewind?.run ?? interrupted ?? newRunSlug()
}
