import { expect, it } from 'vitest'
import { readCustomCharts } from './custom-charts.ts'

const said = (config: object) => ({ panel_type: 'Vega2', panel_config: { panelDefId: 'wandb/line/v0', ...config } })

it('tells how the table of each chart is drawn', () => {
  const userQuery = {
    queryFields: [
      {
        name: 'runSets',
        fields: [
          { name: 'id', fields: [] },
          { name: 'summaryTable', args: [{ name: 'tableKey', value: 'Custom Chart Tables/pr_table' }], fields: [] },
        ],
      },
    ],
  }
  const visualize = {
    pr: said({ fieldSettings: { x: 'recall' }, stringSettings: { title: 'PR', wide: true }, userQuery }),
    plain: said({ fieldSettings: { x: 'a', y: 'b' } }),
  }
  expect([...readCustomCharts(visualize)]).toEqual([
    ['Custom Chart Tables/pr_table', { preset: 'wandb/line/v0', fields: { x: 'recall' }, texts: { title: 'PR' } }],
    ['plain_table', { preset: 'wandb/line/v0', fields: { x: 'a', y: 'b' }, texts: {} }],
  ])
})

it.each([undefined, null, 'text', [], { a: null, b: {}, c: { panel_config: { panelDefId: 7 } } }])(
  'takes what is none for none: %j',
  (visualize) => expect(readCustomCharts(visualize).size).toBe(0),
)

it('leaves out a chart whose texts are too long to be one', () => {
  expect(readCustomCharts({ a: said({ stringSettings: { title: 't'.repeat(1025) } }) }).size).toBe(0)
})
