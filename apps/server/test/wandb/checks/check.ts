import type { Run } from '@kiroku/core/runs'
import { expect } from 'vitest'
import { type Caller, client, readPoints } from '../../../src/testing/index.ts'
import type { Outcome, WandbClient } from '../client.ts'
import type { FeatureId } from '../features/catalog.ts'
import type { Release } from '../releases.ts'

export type Tenant = Caller & { organization: string }

/** What a check shows: features of the client, with some of its releases. `docs/wandb-features.md` is written from it. */
export type Claim<Id extends string = FeatureId> = {
  name: string
  proves: readonly Id[]
  /** What it shows of the newest release besides. */
  provesOfNewest?: readonly Id[]
  /** Those it runs with; from 0.18 on all when left out. */
  releases?: readonly Release[]
  /** Those that cannot do it, and why not. */
  unable?: Readonly<Partial<Record<Release, string>>>
}

/** What a real client is made to do, and what is there then. */
export type Check = Claim & { run(wandb: WandbClient, tenant: Tenant): Promise<void> }

/** The project that scripts log to. */
export const project = 'wandb'

type RunAddress = { organization: string; project: string; run: string }

export const at = ({ organization }: Tenant, run: string): RunAddress => ({ organization, project, run })

export const runOf = (tenant: Tenant, run: string): Promise<Run> => client(tenant).runs.byId.query(at(tenant, run))

export const points = (
  tenant: Tenant,
  run: string,
  metric: string,
  stream: 'history' | 'system' = 'history',
): ReturnType<typeof readPoints> => readPoints(tenant, { ...at(tenant, run), metric, stream })

/** The values of a metric that are not numbers, each with its step. */
export const textsOf = async (tenant: Tenant, run: string, metric: string): Promise<[number, unknown][]> =>
  (await client(tenant).texts.byRun.query({ ...at(tenant, run), metric })).map(({ step, value }) => [step, value])

type Lines = Awaited<ReturnType<ReturnType<typeof client>['console']['byRun']['query']>>['lines']

export const linesOf = async (tenant: Tenant, run: string): Promise<Lines> =>
  (await client(tenant).console.byRun.query(at(tenant, run))).lines

/** What a script told that had to end well. */
export async function succeeded(
  running: Promise<Outcome>,
): Promise<{ id: string; result: Record<string, unknown>; output: string }> {
  const { code, output, result } = await running
  expect(code, output).toBe(0)
  return { id: String(result['id'] ?? ''), result, output }
}

/** The numbers from 0 on. */
export const count = (length: number): number[] => Array.from({ length }, (_, index) => index)
