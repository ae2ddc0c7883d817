import { KirokuError, parseInput } from '@kiroku/core/errors'
import { organizationSlugSchema } from '@kiroku/core/ids'
import { projectSchema } from '@kiroku/core/projects'
import { type RunListInput, runPageSchema, viewerSchema } from '@kiroku/core/queries'
import { type RunFilter as Filter, type RunOrder, runFilterSchema } from '@kiroku/core/run-filters'
import { runPathSchema } from '@kiroku/core/run-paths'
import { type RunState, runSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import { sdkEnv } from '../env.ts'
import { tell } from '../messages.ts'
import { resolveDestination } from '../settings.ts'
import { ApiHttp } from './api-http.ts'
import { ApiRun } from './api-run.ts'
import { parseProjectPath, parseRunPath } from './run-address.ts'

/** Which server is asked, and with which key: as told, else by the environment, else by the latest `kiroku login`. */
export type ApiOptions = {
  url?: string
  apiKey?: string
  /** Whose projects are meant where a path names none; the key's when left out. */
  organization?: string
}

/**
 * Which runs of a project to read; what is left out does not matter. `search` is looked for in ids, names, groups and tags;
 * `where` is any condition on config, summary and fields of runs. They come as `order` says, one path or several, each with
 * `+` (rising, as without a sign) or `-` before it: `-summary.loss`, `config.lr`, `-createdAt`. Without it, newest first.
 */
export type RunFilter = {
  tags?: string | readonly string[]
  state?: RunState | readonly RunState[]
  group?: string
  search?: string
  where?: RunCondition
  order?: string | readonly string[]
}

/** `{ op: 'lt', path: 'summary.loss', value: 0.1 }`, and `and`, `or` and `not` of others. */
export type RunCondition = Filter

/** A project as it is listed. */
export type ApiProject = {
  organization: string
  name: string
  createdAt: Date
  lastActivityAt: Date
  runCount: number
  runningCount: number
}

const runsAtOnce = 200

/** Reads what a server has, and changes what people may change. All that asks the server throws `KirokuError`. */
export class Api {
  readonly url: string
  readonly #http: ApiHttp
  #organization: Promise<string> | undefined

  /** Throws `KirokuError` UNAUTHORIZED when no key is known. */
  constructor({ organization, ...options }: ApiOptions = {}) {
    const { url, apiKey } = resolveDestination(options, sdkEnv(), (text) => tell([text]))
    if (apiKey === null || apiKey === '') {
      throw new KirokuError({
        code: 'UNAUTHORIZED',
        message: `no API key for ${url} is known: run \`kiroku login --url ${url}\`, set KIROKU_API_KEY, or pass { apiKey }`,
      })
    }
    this.url = url
    this.#http = new ApiHttp(url, apiKey)
    if (organization !== undefined) this.#organization = Promise.resolve(organizationSlugSchema.parse(organization))
  }

  /** One run, by `project/id`, `organization/project/id` or `project:id`. Throws NOT_FOUND when there is none. */
  async run(path: string): Promise<ApiRun> {
    const address = parseRunPath(path)
    const organization = address.organization ?? (await this.#ownOrganization())
    return new ApiRun(this.#http, await this.#http.query('runs.byId', { ...address, organization }, runSchema))
  }

  /**
   * The runs of a project (`project` or `organization/project`), over as many pages as there are. A run that changes its place
   * meanwhile may be passed over, or come twice. Throws BAD_REQUEST for a condition or an order that makes no sense.
   */
  async *runs(path: string, filter: RunFilter = {}): AsyncGenerator<ApiRun> {
    const address = parseProjectPath(path)
    const organization = address.organization ?? (await this.#ownOrganization())
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const input: RunListInput = {
        ...address,
        organization,
        limit: runsAtOnce,
        ...listFilter(filter),
        ...(cursor !== undefined && { cursor }),
      }
      const page = await this.#http.query('runs.list', input, runPageSchema)
      for (const run of page.runs) yield new ApiRun(this.#http, run)
      cursor = page.nextCursor
    }
  }

  /** The projects of an organization: of the one that is given, else the key's own. */
  async projects(organization?: string): Promise<ApiProject[]> {
    const input = { organization: organization ?? (await this.#ownOrganization()) }
    const projects = await this.#http.query('projects.list', input, z.array(projectSchema))
    return projects.map(({ createdAt, lastActivityAt, ...project }) => ({
      ...project,
      createdAt: new Date(createdAt),
      lastActivityAt: new Date(lastActivityAt),
    }))
  }

  #ownOrganization(): Promise<string> {
    this.#organization ??= this.#askOrganization().catch((cause) => {
      this.#organization = undefined
      throw cause
    })
    return this.#organization
  }

  async #askOrganization(): Promise<string> {
    const [first] = (await this.#http.query('viewer.me', undefined, viewerSchema)).organizations
    if (first !== undefined) return first.slug
    throw new KirokuError({ code: 'FORBIDDEN', message: `the API key belongs to no organization of ${this.url}` })
  }
}

function listFilter({ tags, state, group, search, where, order }: RunFilter): Partial<RunListInput> {
  return {
    ...(tags !== undefined && { tags: typeof tags === 'string' ? [tags] : [...tags] }),
    ...(state !== undefined && { states: typeof state === 'string' ? [state] : [...state] }),
    ...(group !== undefined && { group }),
    ...(search !== undefined && { search }),
    ...(where !== undefined && { filter: parseInput(runFilterSchema, where, 'where') }),
    ...(order !== undefined && { order: (typeof order === 'string' ? [order] : order).map(parseOrder) }),
  }
}

function parseOrder(text: string): RunOrder {
  const isSigned = text.startsWith('+') || text.startsWith('-')
  const path = parseInput(runPathSchema, isSigned ? text.slice(1) : text, 'order')
  return { path, direction: text.startsWith('-') ? 'desc' : 'asc' }
}

/** A way to read and change what a server has: `await api().run('project/id')`. See `Api`. */
export function api(options: ApiOptions = {}): Api {
  return new Api(options)
}

/** From which run, and to which directory (the working directory when left out); whether a file there may be replaced. */
export type RestoreOptions = ApiOptions & { run: string; root?: string; replace?: boolean }

/** Downloads one file of a run and answers where it is. Throws `KirokuError` NOT_FOUND when there is none. */
export async function restore(
  path: string,
  { run, root = '.', replace = false, ...options }: RestoreOptions,
): Promise<string> {
  const found = await api(options).run(run)
  return found.file(path).download(root, { replace })
}
