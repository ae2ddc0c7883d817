import { type Caller, sha256Of } from '@kiroku/testkit'
import { pngOf } from './seed-output.ts'

/** The steps at which the run logged a sound. */
export const toneSteps = [0, 1, 2]

/** Half a second of a tone, as 8000 samples a second of 16 bits. */
function wavOf(frequency: number): Buffer<ArrayBuffer> {
  const samples = 4000
  const wav = Buffer.alloc(44 + 2 * samples)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(36 + 2 * samples, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(8000, 24)
  wav.writeUInt32LE(16_000, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(2 * samples, 40)
  for (let index = 0; index < samples; index++)
    wav.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * frequency * index) / 8000)), 44 + 2 * index)
  return wav
}

/** A page that tells, in itself, what it could reach. */
const curiousPage = `<!doctype html>
<style>body { font: 14px sans-serif; margin: 16px } td { padding: 2px 12px 2px 0 }</style>
<h2>Attention by head</h2>
<table><tr><td>head 0</td><td><b>0.71</b></td></tr><tr><td>head 1</td><td>0.18</td></tr></table>
<p id="told">no script ran</p>
<script>
const attempt = (work) => { try { return String(work()) } catch (error) { return error.name } }
const told = ['origin ' + origin, 'cookie ' + attempt(() => document.cookie), 'parent ' + attempt(() => parent.document.title),
  'storage ' + attempt(() => localStorage.length)]
fetch('/api/trpc/viewer.me').then(() => 'answered', () => 'refused').then((fetched) => {
  document.getElementById('told').textContent = [...told, 'network ' + fetched].join(', ')
})
</script>`

/** A figure as plotly.py writes it, with its template, a base64 array and a number that JSON does not know. */
const figure = `{"data":[{"type":"scatter","mode":"lines+markers","name":"loss","x":[1,2,3,4],"y":[3.0,NaN,1.5,1.0]},
{"type":"bar","name":"batches","x":[1,2,3,4],"y":{"dtype":"i1","bdata":"AQIDBA=="}}],
"layout":{"title":{"text":"Loss and batches"},"template":{"layout":{"paper_bgcolor":"white","plot_bgcolor":"#E5ECF6","font":{"color":"#2a3f5f"},
"colorway":["#636efa","#EF553B"],"xaxis":{"gridcolor":"white"},"yaxis":{"gridcolor":"white"}}}}}`

const surface = JSON.stringify({
  data: [
    {
      type: 'heatmap',
      z: Array.from({ length: 12 }, (_, row) => Array.from({ length: 16 }, (_, column) => Math.sin(row / 3) * column)),
    },
  ],
  layout: { paper_bgcolor: 'white', plot_bgcolor: 'white', title: { text: 'Made for white paper' } },
})

type Owner = Caller & { organization: string }

/** A run with media as the `wandb` client logs them, by its own protocol. `film` is a WebM. */
export async function seedLoggedFiles(owner: Owner, project: string, film: Buffer<ArrayBuffer>): Promise<void> {
  const name = 'logged'
  const headers = { authorization: `Bearer ${owner.apiKey}`, 'content-type': 'application/json' }
  const post = async (path: string, method: string, body: BodyInit): Promise<void> => {
    const answer = await fetch(owner.url + path, { method, headers, body })
    const text = await answer.text()
    if (!answer.ok || text.includes('"errors"')) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  }
  const base = `/files/${owner.organization}/${project}/${name}`
  const put = async (path: string, content: Buffer<ArrayBuffer> | string) => {
    await post(`${base}/upload?${new URLSearchParams({ path })}`, 'PUT', content)
    return { path, sha256: sha256Of(content), size: Buffer.byteLength(content) }
  }
  const table = async (key: string, columns: string[], data: (string | number)[][]) => {
    const file = await put(`media/table/${key}.table.json`, JSON.stringify({ columns, data }))
    return { [key]: { _type: 'table-file', ncols: columns.length, nrows: data.length, log_mode: 'IMMUTABLE', ...file } }
  }
  const visual = (key: string, panelDefId: string, fieldSettings: object, stringSettings: object) => ({
    [key]: { panel_type: 'Vega2', panel_config: { panelDefId, fieldSettings, stringSettings } },
  })
  const visualize = {
    ...visual('curve', 'wandb/line/v0', { x: 'step', y: 'height' }, { title: 'A parabola' }),
    ...visual(
      'pr',
      'wandb/area-under-curve/v0',
      { x: 'recall', y: 'precision', class: 'class' },
      { title: 'Precision v. Recall', 'x-axis-title': 'Recall', 'y-axis-title': 'Precision' },
    ),
    ...visual('score', 'wandb/bar/v0', { label: 'class', value: 'score' }, { title: 'Score by class' }),
    ...visual('cloud', 'wandb/scatter/v0', { x: 'height', y: 'weight' }, { title: 'Height and weight' }),
    ...visual('spread', 'wandb/histogram/v0', { value: 'error' }, { title: 'Errors' }),
    ...visual(
      'mistakes',
      'wandb/confusion_matrix/v1',
      { Actual: 'Actual', Predicted: 'Predicted', nPredictions: 'nPredictions' },
      { title: 'Mistakes' },
    ),
    ...visual('own', 'me/own-chart', { x: 'step' }, {}),
  }
  await post(
    '/graphql',
    'POST',
    JSON.stringify({
      query: 'mutation($input: UpsertBucketInput!) { upsertBucket(input: $input) { bucket { id } } }',
      variables: {
        input: {
          name,
          modelName: project,
          displayName: 'run with logged files',
          config: JSON.stringify({ _wandb: { value: { cli_version: '0.31.0', visualize } } }),
        },
      },
    }),
  )
  const tone = async (file: string, frequency: number, caption: string) => ({
    _type: 'audio-file',
    caption,
    ...(await put(`media/audio/${file}.wav`, wavOf(frequency))),
  })
  const tones = [await tone('low', 220, 'a low tone'), await tone('high', 440, 'a high tone')]
  const classes = ['cat', 'dog', 'horse', 'ship']
  const animation = await put('media/videos/film.gif', Buffer.from(onePixelGif, 'base64'))
  const rows: object[] = []
  for (const step of toneSteps) rows.push({ tone: await tone(`tone-${step}`, 200 + 100 * step, `epoch ${step}`) })
  rows.push({
    tones: { _type: 'audio', count: 2, audio: tones, captions: ['a low tone', 'a high tone'] },
    'play/film': { _type: 'video-file', caption: 'an episode', ...(await put('media/videos/film.webm', film)) },
    'play/animation': { _type: 'video-file', ...animation },
    page: { _type: 'html-file', ...(await put('media/html/page.html', curiousPage)) },
    'plotly/figure': { _type: 'plotly-file', ...(await put('media/plotly/figure.plotly.json', figure)) },
    'plotly/heat': { _type: 'plotly-file', ...(await put('media/plotly/heat.plotly.json', surface)) },
    'plotly/broken': { _type: 'plotly-file', ...(await put('media/plotly/broken.plotly.json', '{"data": 7}')) },
    water: { _type: 'molecule-file', caption: 'H2O', ...(await put('media/molecule/water.pdb', 'HETATM')) },
    'play/gone': { _type: 'audio-file', path: 'media/audio/gone.wav', sha256: 'a'.repeat(64), size: 9 },
    'play/noise': {
      _type: 'audio-file',
      caption: 'no sound',
      ...(await put('media/audio/noise.wav', 'no sound at all')),
    },
    picture: {
      _type: 'image-file',
      format: 'png',
      width: 64,
      height: 64,
      ...(await put('media/images/p.png', Buffer.from(pngOf(64, (x, y) => (x + y) / 128)))),
    },
    ...(await table(
      'curve_table',
      ['step', 'height'],
      count(60).map((step) => [step, (step / 10 - 3) ** 2]),
    )),
    ...(await table(
      'pr_table',
      ['class', 'recall', 'precision'],
      classes.flatMap((each, of) => count(20).map((at) => [each, at / 19, 1 - (at / 19) ** (2 + of)])),
    )),
    ...(await table(
      'score_table',
      ['class', 'score'],
      classes.map((each, of) => [each, 0.95 - of / 6]),
    )),
    ...(await table(
      'cloud_table',
      ['height', 'weight'],
      count(150).map((at) => [150 + ((at * 37) % 50), 45 + ((at * 37) % 50) * 0.8 + ((at * 17) % 23)]),
    )),
    ...(await table(
      'spread_table',
      ['error'],
      count(400).map((at) => [Math.sin(at) + Math.sin(at * 1.7) + Math.sin(at * 2.9)]),
    )),
    ...(await table(
      'mistakes_table',
      ['Actual', 'Predicted', 'nPredictions'],
      classes.flatMap((actual, row) =>
        classes.map((predicted, column) => [
          actual,
          predicted,
          row === column ? 90 - row * 9 : (row * 5 + column * 3) % 11,
        ]),
      ),
    )),
    ...(await table('own_table', ['step', 'what'], [[1, 'one']])),
  })
  const lines = rows.map((row, step) => JSON.stringify({ _step: step, _timestamp: 1_700_000_000 + step, ...row }))
  const files = { 'wandb-history.jsonl': { offset: 0, content: lines } }
  await post(`${base}/file_stream`, 'POST', JSON.stringify({ files, complete: true, exitcode: 0 }))
}

const count = (length: number): number[] => Array.from({ length }, (_, index) => index)

const onePixelGif = 'R0lGODlhAQABAIAAAP8AAAAAACwAAAAAAQABAAACAkQBADs='
