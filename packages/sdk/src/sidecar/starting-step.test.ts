import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decideStep, type StepState } from '@kiroku/core/log-step'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LogFile } from '../../test/log-file.ts'
import { ScriptedServer } from '../../test/scripted-server.ts'
import { uploaderOf } from '../../test/upload.ts'
import { LogReader } from '../log/log-reader.ts'
import { Assembler } from './assembler.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-start-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function assembled(path: string, startingStep: number, after = 0) {
  const assembler = new Assembler(after, startingStep)
  const reader = new LogReader(path)
  reader.isFinal = true
  while (reader.next()) assembler.accept(reader)
  reader.close()
  return { assembler, ...assembler.take() }
}

describe('4.5 resume of a run whose last step the script did not know', () => {
  it.each([
    ['resume', { resume: 'allow' as const }],
    ['resume at all costs', { resume: 'must' as const }],
    ['rewind', { rewind: { step: 99 } }],
    ['fork', { fork: { run: 'other', step: 99 } }],
  ])('%s: rows go on where the server says', (_name, create) => {
    const log = new LogFile(directory, { create }).rows(3).row(500, { isExplicit: true }).row(501).finish()
    log.close()
    expect([...assembled(log.path, 100).history.steps]).toEqual([100, 101, 102, 500, 501])
  })

  it('drops and counts calls with a step that lies before', () => {
    const log = new LogFile(directory, { create: { resume: 'allow' } })
    log.row(0).row(50, { isExplicit: true }).row(51).row(120, { isExplicit: true }).finish().close()
    const { assembler, history, lastSeq } = assembled(log.path, 100)
    expect([...history.steps]).toEqual([100, 101, 120])
    expect([assembler.droppedCalls, lastSeq]).toEqual([1, 4])
  })

  it('leaves rows alone whose start the script knew, and those of a run that begins anew', () => {
    const known = new LogFile(directory, { create: { resume: 'allow' } }).start(100).rows(2, 100)
    known.close()
    expect([...assembled(known.path, 100).history.steps]).toEqual([100, 101])
    rmSync(known.path)
    const anew = new LogFile(directory).rows(2)
    anew.close()
    expect([...assembled(anew.path, 100).history.steps]).toEqual([0, 1])
  })

  it('passes over a start that came after the first row', () => {
    const log = new LogFile(directory, { create: { resume: 'allow' } }).row(0).start(100).row(1)
    log.close()
    expect([...assembled(log.path, 100).history.steps]).toEqual([100, 101])
  })

  it('numbers alike wherever the reader goes on, and steps as the step machine does', () => {
    const call = fc.record({
      step: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
      commits: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(call, { maxLength: 30 }), fc.nat(20), fc.nat(20), (calls, startingStep, after) => {
        rmSync(join(directory, 'run.klog'), { force: true })
        const log = new LogFile(directory, { create: { resume: 'allow' } })
        let state: StepState = { step: startingStep, hasRow: false }
        const expected = new Set<number>()
        for (const { step, commits } of calls) {
          log.row(step ?? 0, { isExplicit: step !== undefined, commits })
          const decision = decideStep(state, { step, commit: commits })
          state = decision.next
          if (!decision.isDropped) expected.add(decision.step)
        }
        log.finish().close()
        const whole = assembled(log.path, startingStep)
        expect([...whole.history.steps]).toEqual([...expected])
        const rest = assembled(log.path, startingStep, after)
        expect([...rest.history.seqs]).toEqual([...whole.history.seqs].filter((seq) => seq > after))
        expect(rest.lastSeq).toBe(Math.max(after, whole.lastSeq))
      }),
      { numRuns: 50 },
    )
  })

  it('is sent from the step that the server tells, and what was dropped is told once', async () => {
    await using server = new ScriptedServer()
    await server.listen()
    server.startingStep = 16
    const log = new LogFile(directory, { create: { resume: 'allow' } }).rows(2).row(3, { isExplicit: true })
    log.row(4, { isExplicit: true }).finish().close()
    const { uploader, reports } = uploaderOf({ directory, url: server.url })
    const uploaded = await uploader.run()
    expect(server.steps).toEqual([16, 17])
    expect(uploaded?.losses.droppedCalls).toBe(2)
    expect(reports.filter(({ type }) => type === 'noted')).toEqual([
      { type: 'noted', id: 7, text: 'rows whose step lies before 16, where the run goes on, are left out' },
    ])
  })
})
