import { describe, expect, test } from 'vitest'
import { drawnFigure, type FigureLook, mapTraces, readFigure } from './figure.ts'

const dark: FigureLook = { scheme: 'dark', text: 'rgb(200, 200, 200)', line: 'rgb(50, 50, 50)', font: 'sans-serif' }

describe('a Plotly file', () => {
  test('may have numbers that JSON has no form for, which are gaps, and texts that look like them', () => {
    const text = '{"data":[{"y":[1,NaN,-Infinity,Infinity],"name":"NaN and \\"Infinity\\""}],"layout":{}}'
    expect(readFigure(text).data).toEqual([{ y: [1, null, null, null], name: 'NaN and "Infinity"' }])
  })

  test('may lack a layout, and nothing else', () => {
    expect(readFigure('{"data":[]}')).toEqual({ data: [], layout: {} })
    for (const text of ['', '[]', '{"layout":{}}', '{"data":[1]}', '{"data":[NaN'])
      expect(() => readFigure(text)).toThrow()
  })

  test('that has maps is known by its traces', () => {
    const types = ['scattergeo', 'choropleth', 'scattermapbox', 'densitymap', 'scattermap']
    expect(mapTraces(readFigure(JSON.stringify({ data: types.map((type) => ({ type })) })))).toEqual(types)
    const others = ['heatmap', 'treemap', 'scatter', 'histogram2dcontour', undefined]
    expect(mapTraces(readFigure(JSON.stringify({ data: others.map((type) => ({ type })) })))).toEqual([])
  })
})

describe('a figure in its frame', () => {
  test('has the size of the frame and the colours of the page where its own are those of a template', () => {
    const template = { data: { bar: [] }, layout: { paper_bgcolor: 'white', colorway: ['red'], xaxis: { ticks: '' } } }
    const layout = { width: 700, height: 500, title: 't', margin: { l: 9 }, template }
    const { layout: drawn, scheme } = drawnFigure({ data: [], layout }, dark)
    expect(scheme).toBe('dark')
    expect(drawn).not.toHaveProperty('width')
    expect(drawn).toMatchObject({
      autosize: true,
      margin: { l: 9, t: 48 },
      template: {
        data: { bar: [] },
        layout: {
          paper_bgcolor: 'rgba(0,0,0,0)',
          colorway: ['red'],
          font: { color: dark.text },
          xaxis: { ticks: '', gridcolor: dark.line },
        },
      },
    })
  })

  test('that says its background keeps its colours, on white', () => {
    const layout = { plot_bgcolor: '#eee', font: { color: 'black' } }
    const { layout: drawn, scheme } = drawnFigure({ data: [], layout }, dark)
    expect(scheme).toBe('light')
    expect(drawn).toMatchObject({ paper_bgcolor: '#fff', plot_bgcolor: '#eee', font: { color: 'black' } })
    expect(drawn).not.toHaveProperty('template')
  })
})
