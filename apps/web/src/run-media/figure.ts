import * as z from 'zod'

const recordSchema = z.record(z.string(), z.unknown())
const figureSchema = z.object({ data: z.array(recordSchema), layout: recordSchema.catch({}) })

/** A Plotly figure: its traces and its layout, as Plotly knows them. */
export type Figure = z.infer<typeof figureSchema>

/** Colours of the page, in forms that Plotly reads. */
export type FigureLook = { scheme: 'light' | 'dark'; text: string; line: string; font: string }

/** A figure as its frame draws it. `scheme` is that of the frame's page. */
export type DrawnFigure = Figure & { scheme: 'light' | 'dark' }

const words = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g

/**
 * Reads a `*.plotly.json`, in which numbers that JSON has no form for stand as Python writes them: these are gaps. Throws
 * where the text is no figure.
 */
export function readFigure(text: string): Figure {
  const plain = text.replace(words, (word) => (word.startsWith('"') ? word : 'null'))
  return figureSchema.parse(JSON.parse(plain))
}

/** The traces of a figure that need maps from elsewhere, which Kiroku does not load. */
export function mapTraces({ data }: Figure): string[] {
  const types = data.map(({ type }) => String(type))
  return [...new Set(types.filter((type) => mapType.test(type)))]
}

const mapType = /^(?:scattergeo|choropleth|(?:scatter|choropleth|density)map(?:box)?)$/

/**
 * The figure in its frame's size and the page's colours. One that says its own background keeps all its colours, on white, as
 * whoever made it saw it.
 */
export function drawnFigure({ data, layout }: Figure, look: FigureLook): DrawnFigure {
  const { width, height, autosize, ...rest } = layout
  const own = { ...rest, autosize: true, margin: marginOf(layout) }
  if (layout['paper_bgcolor'] !== undefined || layout['plot_bgcolor'] !== undefined)
    return { data, layout: { paper_bgcolor: '#fff', ...own }, scheme: 'light' }
  const template = recordOf(layout['template'])
  return { data, layout: { ...own, template: { ...template, layout: inLook(template, look) } }, scheme: look.scheme }
}

function inLook(template: Record<string, unknown>, { text, line, font }: FigureLook): Record<string, unknown> {
  const layout = recordOf(template['layout'])
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: line }
  const inAxis = (name: string): object => ({ ...recordOf(layout[name]), ...axis })
  const scene = recordOf(layout['scene'])
  const sceneAxis = { ...axis, backgroundcolor: 'rgba(0,0,0,0)', showbackground: false }
  return {
    ...layout,
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { ...recordOf(layout['font']), color: text, family: font, size: 12 },
    xaxis: inAxis('xaxis'),
    yaxis: inAxis('yaxis'),
    polar: { ...recordOf(layout['polar']), bgcolor: 'rgba(0,0,0,0)', angularaxis: axis, radialaxis: axis },
    scene: {
      ...scene,
      xaxis: { ...recordOf(scene['xaxis']), ...sceneAxis },
      yaxis: { ...recordOf(scene['yaxis']), ...sceneAxis },
      zaxis: { ...recordOf(scene['zaxis']), ...sceneAxis },
    },
  }
}

/** Plotly leaves much room around a plot that is told nothing of it. */
function marginOf({ margin, title }: Record<string, unknown>): Record<string, unknown> {
  return { l: 48, r: 16, t: title === undefined ? 24 : 48, b: 40, ...recordOf(margin) }
}

function recordOf(value: unknown): Record<string, unknown> {
  return recordSchema.safeParse(value).data ?? {}
}
