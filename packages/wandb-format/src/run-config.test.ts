import { expect, it } from 'vitest'
import { parseExtendedRecord } from './extended-json.ts'
import { splitConfig } from './run-config.ts'

it('parts what the user said from what the client says', () => {
  const { config, facts } = splitConfig(
    parseExtendedRecord(
      '{"lr":{"value":0.1},"nested":{"value":{"a":1,"b.c":[1,2]},"desc":null},"inf":{"value":Infinity},"seed":{"value":9223372036854775807},' +
        '"none":{"value":null},"plain":5,"$x":{"value":1},"odd":{"value":1,"other":2},"wandb_version":1,' +
        '"_wandb":{"value":{"cli_version":"0.30.0","python_version":"3.11.7","t":{"4":"3.11.7"},"m":[{"1":"epoch","6":[3],"7":[]}],' +
        '"e":{"w1":{"host":"vm","python":"CPython 3.11.7"}},"branch_point":{"run_id":"abc","step":12},"code_path":"code/a.py"}}}',
    ),
  )
  expect(config).toEqual({
    lr: 0.1,
    nested: { a: 1, 'b.c': [1, 2] },
    inf: { $n: 'Infinity' },
    seed: '9223372036854775807',
    none: null,
    plain: 5,
    $$x: 1,
    odd: { value: 1, other: 2 },
  })
  expect(facts).toEqual({
    clientVersion: '0.30.0',
    pythonVersion: '3.11.7',
    hasStarted: true,
    definitions: [{ name: 'epoch', overwrite: true }],
    environments: [
      { git: {}, host: { hostname: 'vm', runtime: 'CPython 3.11.7', sdk: 'wandb 0.30.0' }, startedAt: null },
    ],
    branchPoint: { run: 'abc', step: 12 },
    codePath: 'code/a.py',
  })
})

it('takes a config that says nothing of itself', () => {
  expect(splitConfig({}).facts).toEqual({
    clientVersion: null,
    pythonVersion: null,
    hasStarted: false,
    definitions: [],
    environments: [],
    branchPoint: null,
    codePath: null,
  })
  expect(
    splitConfig({ _wandb: { value: { m: 'x', e: [1], branch_point: { step: 1 }, cli_version: 3 } } }).facts,
  ).toMatchObject({
    definitions: [],
    environments: [],
    branchPoint: null,
    clientVersion: null,
  })
})
