import { inTemporaryDirectory, runScript, withServer } from '../processes.mjs'
import { median } from '../statistics.mjs'

export const ids = ['log.10.p50', 'log.10.p99']

const repeats = 3

/** `log()` of ten numbers in a script that computes between its calls, while a server takes what it logs. */
export async function measure() {
  const runs = await withServer(async (server) => {
    const taken = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      taken.push(
        await inTemporaryDirectory((directory) =>
          runScript(
            'log-script.mjs',
            { directory, rows: 20_000, betweenUs: 50 },
            { KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey },
          ),
        ),
      )
    }
    return taken
  })
  const of = (name) => runs.map((run) => run[name])
  const name = 'JSON.stringify + appendFile of the row'
  return [
    {
      id: 'log.10.p50',
      samples: of('p50'),
      unit: 'us',
      target: '<= 5',
      yardstick: { name, value: median(of('plainP50')) },
    },
    {
      id: 'log.10.p99',
      samples: of('p99'),
      unit: 'us',
      target: '<= 50',
      yardstick: { name, value: median(of('plainP99')) },
    },
  ]
}
