import { batchOf, client, postBatch, testRun } from '@kiroku/testkit'
import { expect, test } from 'vitest'
import { openPages, page, server, startDashboard } from './dashboard.ts'

const project = 'searched'
const size = 24
let sweep: string

const config = {
  method: 'random',
  name: 'learning rates',
  metric: { name: 'loss', goal: 'minimize' },
  parameters: {
    lr: { distribution: 'log_uniform_values', min: 0.0001, max: 1 },
    optimizer: { values: ['adam', 'sgd', 'lion'] },
    depth: { min: 1, max: 6 },
    seed: { value: 7 },
  },
  run_cap: 40,
}

async function ask(query: string, input: object): Promise<void> {
  const headers = { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ query, variables: { input } })
  const answer = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body })
  expect(await answer.text()).not.toContain('errors')
}

const upsert = 'mutation($input: UpsertBucketInput!) { upsertBucket(input: $input) { bucket { id } } }'

startDashboard(async () => {
  await testRun(server, { project, run: 'before' })
  const made = await client(server).sweeps.create.mutate({ organization: server.organization, project, config })
  sweep = made.slug
  for (let index = 0; index < size; index++) {
    const lr = 10 ** (-4 * ((index * 0.618) % 1))
    const optimizer = ['adam', 'sgd', 'lion'][index % 3]
    const values = { lr, optimizer, depth: 1 + (index % 6), seed: 7 }
    const given = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value }]))
    const name = `trial-${index + 1}`
    const wandb = { _wandb: { value: { cli_version: '0.31.0', python_version: '3.11' } } }
    await ask(upsert, {
      name,
      modelName: project,
      displayName: name,
      sweep,
      config: JSON.stringify({ ...given, ...wandb }),
    })
    const loss = (Math.log10(lr) + 2) ** 2 + (optimizer === 'sgd' ? 1 : 0) + 0.1
    const row = JSON.stringify({ _step: 0, _timestamp: 1_700_000_000, loss })
    const isLast = index === size - 1
    await fetch(`${server.url}/files/${server.organization}/${project}/${name}/file_stream`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        files: {
          'wandb-history.jsonl': { offset: 0, content: [row] },
          'wandb-summary.json': { offset: 0, content: [JSON.stringify({ loss, _step: 0 })] },
        },
        ...(!isLast && { complete: true, exitcode: 0 }),
      }),
    })
  }
})
openPages({ expected: [/404/, /409/] })

const pathOf = (rest = ''): string => `/${server.organization}/${project}${rest}`
const rows = () => page.getByTestId('sweep-run')

test('a sweep is found in the list, and its page shows runs, the best first', async () => {
  await page.goto(pathOf())
  await page.getByRole('link', { name: 'Sweeps' }).click()
  const listed = page.getByTestId('sweep')
  await listed.waitFor()
  expect(await listed.textContent()).toContain('24 of 40')
  await listed.getByRole('link').click()
  await rows().first().waitFor()
  expect(await rows().count()).toBe(size)
  const losses = await rows().evaluateAll((all) => all.map((row) => Number(row.querySelectorAll('td')[1]?.textContent)))
  expect(losses).toEqual(losses.toSorted((one, other) => one - other))
  expect(await page.getByTestId('parallel').locator('path').count()).toBe(size)
  expect(await page.getByTestId('progress').locator('circle').count()).toBe(size)
  expect(await page.getByTestId('importance').locator('tr').count()).toBe(3)
  expect(await page.getByTestId('sweep-config').textContent()).toContain('values: [adam, sgd, lion]')
  await page.getByTestId('best-run').click()
  await page.waitForURL(/\/runs\/trial-/)
})

test('dragging on an axis chooses runs, and clearing shows all again', async () => {
  await page.goto(pathOf(`/sweeps/${sweep}`))
  await rows().first().waitFor()
  const axis = page.locator('[data-axis="loss"]')
  const box = await axis.boundingBox()
  if (box === null) throw new Error('the axis is not there')
  await page.mouse.move(box.x + box.width / 2, box.y + box.height - 4)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.7, { steps: 4 })
  await page.mouse.up()
  await page.getByTestId('chosen').waitFor()
  const chosen = await rows().count()
  expect(chosen).toBeGreaterThan(0)
  expect(chosen).toBeLessThan(size)
  expect(await page.getByTestId('chosen').textContent()).toContain(`${chosen} of ${size} runs`)
  await page.getByRole('button', { name: 'Clear' }).click()
  await expect.poll(() => rows().count()).toBe(size)
  await page.getByRole('link', { name: 'In the runs table' }).click()
  await expect.poll(() => page.getByTestId('run-count').textContent()).toBe(`${size} runs`)
})

test('a sweep is paused, goes on, and is stopped after a question', async () => {
  await page.goto(pathOf(`/sweeps/${sweep}`))
  const state = page.getByTestId('sweep-state')
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect.poll(() => state.textContent()).toBe('paused')
  await page.getByRole('button', { name: 'Resume' }).click()
  await expect.poll(() => state.textContent()).toBe('running')
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('button', { name: 'Let it run' }).click()
  expect(await state.textContent()).toBe('running')
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('button', { name: 'Stop the sweep' }).click()
  await expect.poll(() => state.textContent()).toBe('finished')
  await page.goto(pathOf('/sweeps/none'))
  await page.getByText('There is no such sweep.').waitFor()
})

test('a run says that its machine is about to be taken away, and that it was', async () => {
  const run = await testRun(server, { project, run: 'spot' })
  await page.goto(pathOf('/runs/spot'))
  const state = (name: string) => page.locator('main, header').getByText(name, { exact: true }).first().waitFor()
  await state('running')
  await postBatch(server, batchOf(run, { updates: [{ type: 'preempting' }] }))
  await state('preempting')
  const end = { type: 'finish' as const, state: 'failed' as const, exitCode: 1, time: Date.now() }
  await postBatch(server, batchOf(run, { firstSeq: 2, updates: [end] }))
  await state('preempted')
})

test('a run that goes on is asked to stop after a question; one that has ended has no such button', async () => {
  await page.goto(pathOf('/runs/trial-1'))
  await page.getByRole('button', { name: 'Delete the run' }).waitFor()
  expect(await page.getByRole('button', { name: 'Stop the run' }).count()).toBe(0)
  await page.goto(pathOf(`/runs/trial-${size}`))
  await page.getByRole('button', { name: 'Stop the run' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Stop the run' }).click()
  await page.getByTestId('stopping').waitFor()
  const { stopAskedAt } = await client(server).runs.byId.query({
    organization: server.organization,
    project,
    run: `trial-${size}`,
  })
  expect(stopAskedAt).toBeGreaterThan(0)
})
