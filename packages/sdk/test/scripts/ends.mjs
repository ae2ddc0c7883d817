import { writeSync } from 'node:fs'
import { init } from '@kiroku/sdk'

// Two runs, of which each has a row that is still open, and the end that the first word asks for.
const say = (message) => writeSync(1, `${JSON.stringify({ at: Date.now(), ...message })}\n`)
const runs = [init({ project: 'demo' }), init({ project: 'demo' })]
for (const run of runs) run.log({ value: 1 }, { step: 3 })
say({ begun: runs.map(({ id }) => id) })
const never = new Promise(() => {})
const ends = {
  unsettled: () => never,
  exitInFinally: () => {
    try {
      throw new Error('on purpose')
    } finally {
      process.exit(4)
    }
  },
  uncaught: () => {
    setTimeout(() => {
      throw new Error('on purpose')
    })
    setInterval(() => {}, 1000)
    return never
  },
  rejected: () => {
    setInterval(() => {}, 1000)
    void Promise.reject(new Error('on purpose'))
    return never
  },
  handledRejection: () => {
    process.on('unhandledRejection', () => {
      process.exitCode = 9
    })
    void Promise.reject(new Error('on purpose'))
  },
  handledException: () => {
    process.on('uncaughtException', () => say({ caught: true }))
    setTimeout(() => {
      throw new Error('on purpose')
    })
  },
  interrupted: () => {
    setInterval(() => process.listenerCount('SIGINT') > 0 && process.kill(process.pid, 'SIGINT'), 20)
    return never
  },
  preempted: () => {
    process.once('SIGTERM', () => {
      for (const run of runs) run.markPreempting()
      process.exit(1)
    })
    return ends.terminated()
  },
  terminated: () => {
    setInterval(() => runs.every(({ url }) => url !== undefined) && process.kill(process.pid, 'SIGTERM'), 20)
    return never
  },
}
await ends[process.argv[2]]()
