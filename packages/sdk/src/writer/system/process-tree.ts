import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Capacity } from './capacity.ts'
import { minIntervalMs } from './processor.ts'
import { emptySample, megabyte, readText, type SystemRoots, type SystemSample } from './sample.ts'

/** A process as `/proc/<pid>/stat` tells: times in clock ticks. */
export type ProcessState = { pid: number; parent: number; time: number; threads: number; startedAt: number }

/** Linux counts processes' times in hundredths of a second, whatever its own clock is. */
const ticksPerSecond = 100
const maxWalkMs = 2_000
const sliceMs = 2

/** The state of a process; undefined when it is gone. */
export function readProcessState({ proc }: SystemRoots, pid: number): ProcessState | undefined {
  const stat = readText(proc, String(pid), 'stat')
  if (stat === undefined) return undefined
  // A program's name stands in brackets and may hold anything, brackets too.
  const columns = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [, parent = 0] = columns
  return {
    pid,
    parent,
    time: (columns[11] ?? 0) + (columns[12] ?? 0),
    threads: columns[17] ?? 0,
    startedAt: columns[19] ?? 0,
  }
}

/** Whether a process is `ancestor` or was started by it or by one that it started. */
export function isDescendant(roots: SystemRoots, pid: number, ancestor: number): boolean {
  for (let at = pid, depth = 0; at > 0 && depth < 64; depth++) {
    if (at === ancestor) return true
    at = readProcessState(roots, at)?.parent ?? 0
  }
  return false
}

/**
 * Sums memory, processor time and threads over a process and all that it started. A walk reads a few processes at a time, so that its
 * thread is never held for long, and is given up after 2 s.
 */
export class ProcessTree {
  readonly #roots: SystemRoots
  readonly #pid: number
  #times = new Map<number, { time: number; startedAt: number }>()
  #at = 0
  #isWalking = false

  constructor(roots: SystemRoots, pid: number) {
    this.#roots = roots
    this.#pid = pid
  }

  /** Walks, unless a walk is under way. Where the system does not tell about processes there is no answer. */
  async ask({ processors, memory }: Capacity, onSample: (sample: SystemSample) => void): Promise<void> {
    if (this.#isWalking) return
    this.#isWalking = true
    try {
      const members = await this.#walk()
      if (members === undefined || members.length === 0) return
      const { means, latest } = emptySample()
      const resident = members.reduce((sum, { pid }) => sum + this.#residentBytes(pid), 0)
      means.set('proc.memory.rssMB', resident / megabyte)
      means.set('proc.memory.percent', (100 * resident) / memory.total)
      latest.set(
        'proc.cpu.threads',
        members.reduce((sum, { threads }) => sum + threads, 0),
      )
      const share = this.#share(members, processors)
      if (share !== undefined) means.set('cpu', share)
      onSample({ means, latest, counters: new Map() })
    } finally {
      this.#isWalking = false
    }
  }

  async #walk(): Promise<ProcessState[] | undefined> {
    const deadline = performance.now() + maxWalkMs
    let sliceEnd = performance.now() + sliceMs
    const states = new Map<number, ProcessState>()
    for (const pid of this.#everybody()) {
      const state = readProcessState(this.#roots, pid)
      if (state !== undefined) states.set(pid, state)
      if (performance.now() < sliceEnd) continue
      await new Promise((resolve) => setImmediate(resolve))
      if (performance.now() > deadline) return undefined
      sliceEnd = performance.now() + sliceMs
    }
    return membersOf(states, this.#pid)
  }

  #everybody(): number[] {
    try {
      return readdirSync(this.#roots.proc)
        .map(Number)
        .filter((pid) => Number.isInteger(pid))
    } catch {
      return []
    }
  }

  #residentBytes(pid: number): number {
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(readText(join(this.#roots.proc, String(pid), 'status')) ?? '')?.[1]
    return Number(resident ?? 0) * 1024
  }

  /** In percent since the last walk; a process that began since then counts with all its time. */
  #share(members: readonly ProcessState[], processors: number): number | undefined {
    const now = performance.now()
    const before = this.#times
    const elapsed = now - this.#at
    const isFirst = this.#at === 0
    if (!isFirst && elapsed < minIntervalMs) return undefined
    this.#times = new Map(members.map(({ pid, time, startedAt }) => [pid, { time, startedAt }]))
    this.#at = now
    if (isFirst) return undefined
    const ticks = members.reduce((sum, { pid, time, startedAt }) => {
      const known = before.get(pid)
      return sum + time - (known?.startedAt === startedAt ? known.time : 0)
    }, 0)
    return (100 * ticks * 1000) / (ticksPerSecond * elapsed * processors)
  }
}

/** A process and all that it started, in any depth. */
function membersOf(states: ReadonlyMap<number, ProcessState>, root: number): ProcessState[] {
  const children = new Map<number, ProcessState[]>()
  for (const state of states.values()) {
    const siblings = children.get(state.parent)
    if (siblings === undefined) children.set(state.parent, [state])
    else siblings.push(state)
  }
  const first = states.get(root)
  const members = first === undefined ? [] : [first]
  for (const { pid } of members) members.push(...(children.get(pid) ?? []))
  return members
}
