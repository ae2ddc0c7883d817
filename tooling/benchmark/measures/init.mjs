import { inTemporaryDirectory, runScript } from '../processes.mjs'
import { median } from '../statistics.mjs'

export const ids = ['init.offline']

const repeats = 7

/** `init()` until the script may go on, when nothing listens at the server's address; then it logs, or this throws. */
export async function measure() {
  const runs = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    runs.push(
      await inTemporaryDirectory((directory) =>
        runScript(
          'init-script.mjs',
          { directory },
          {
            KIROKU_URL: 'http://127.0.0.1:9',
            KIROKU_API_KEY: `kiroku-${'x'.repeat(40)}`,
            KIROKU_LINGER_SECONDS: '0',
            KIROKU_FINISH_TIMEOUT: '0',
          },
        ),
      ),
    )
  }
  return [
    {
      id: 'init.offline',
      samples: runs.map(({ init }) => init),
      unit: 'ms',
      target: '<= 20',
      yardstick: { name: 'a bare thread and a bare detached process', value: median(runs.map(({ bare }) => bare)) },
    },
  ]
}
