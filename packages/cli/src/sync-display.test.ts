import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SyncDisplay } from './sync-display.ts'
import type { Terminal } from './terminal.ts'

/** A terminal that keeps what it is given. */
function listening(isInteractive: boolean) {
  const said: string[] = []
  const painted: string[] = []
  const terminal: Terminal = {
    print: (line) => said.push(line),
    say: (line) => said.push(line),
    progress: (text) => painted.push(text),
    isInteractive,
  }
  return { terminal, said, painted }
}

describe('7.6 the progress of sync', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is a bar for each run that is being sent, drawn again and again on a terminal', () => {
    const { terminal, said, painted } = listening(true)
    const display = new SyncDisplay(terminal, 3)
    const first = display.begin('first')
    const second = display.begin('second')
    first.move({ bytes: 50, total: 100, waitsFor: null })
    second.move({ bytes: 0, total: 100, waitsFor: 'ECONNREFUSED' })
    vi.advanceTimersByTime(100)
    expect(painted.at(-1)?.split('\n')).toEqual([
      expect.stringMatching(/^first {19} {2}━{12}╌{12} {2}50 %$/),
      expect.stringMatching(/^second {18} {2}╌{24} {3}0 % {2}waiting: ECONNREFUSED$/),
      '0 of 3 runs',
    ])
    first.end('synced')
    expect(said).toEqual(['first: synced'])
    expect(painted.at(-1)?.split('\n')).toEqual([expect.stringMatching(/^second/), '1 of 3 runs'])
    display.end()
    expect(painted.at(-1)).toBe('')
    const drawn = painted.length
    vi.advanceTimersByTime(1000)
    expect(painted).toHaveLength(drawn)
  })

  it('keeps runs of the same name apart', () => {
    const { terminal, painted } = listening(true)
    const display = new SyncDisplay(terminal, 2)
    const one = display.begin('same')
    display.begin('same')
    one.end(undefined)
    expect(painted.at(-1)?.split('\n')).toHaveLength(2)
    display.end()
  })

  it('is plain lines elsewhere: one when a run begins, when it waits for another reason, and when it ends', () => {
    const { terminal, said } = listening(false)
    const display = new SyncDisplay(terminal, 1)
    const line = display.begin('run')
    for (const waitsFor of [null, '503', '503', null, 'ECONNRESET']) line.move({ bytes: 1, total: 2, waitsFor })
    vi.advanceTimersByTime(10_000)
    line.end('synced')
    display.end()
    expect(said).toEqual([
      'run: syncing',
      'run: waiting for the server (503)',
      'run: waiting for the server (ECONNRESET)',
      'run: synced',
    ])
  })
})
