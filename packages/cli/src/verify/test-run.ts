import { emptyRowBlock, encodeHistoryBatch, type HistoryBatch } from '@kiroku/core/history'
import type { RunAddress } from '@kiroku/core/queries'
import type { ServerClient } from '../server-client.ts'

type BatchContent = Partial<Pick<HistoryBatch, 'history' | 'texts' | 'updates' | 'console'>>

/** A run that is there for the checks alone. */
export class TestRun {
  readonly client: ServerClient
  readonly #writer: string
  readonly #named: { project: string; run: string }
  #organization = ''
  /** The last record that was sent; the next one has the next number. */
  seq = 0

  constructor(client: ServerClient, { writer, ...named }: { project: string; run: string; writer: string }) {
    this.client = client
    this.#writer = writer
    this.#named = named
  }

  /** Where the run is; whole once it is made. */
  get address(): RunAddress {
    return { ...this.#named, organization: this.#organization }
  }

  async create(): Promise<string> {
    const { organization, project, run } = await this.client.createRun({
      ...this.#named,
      writer: this.#writer,
      startedAt: Date.now(),
      jobType: 'verify',
      notes: 'Made by `kiroku verify`, which removes it when it is done.',
    })
    this.#organization = organization
    return `${organization}/${project}/${run}`
  }

  /** Sends `count` records, numbered from the one after the last. Throws what the server refuses it with. */
  async send(count: number, content: BatchContent): Promise<void> {
    const firstSeq = this.seq + 1
    this.seq += count
    await this.#post(firstSeq, this.seq, content)
  }

  /** Sends a record again that the server has: it is read, and changes nothing. */
  async sendAgain(content: BatchContent): Promise<void> {
    await this.#post(this.seq, this.seq, content)
  }

  /** Ends the run and deletes it. */
  async remove(): Promise<string> {
    const seq = this.seq + 1
    const finish = { type: 'finish' as const, seq, state: 'finished' as const, exitCode: 0, time: Date.now() }
    await this.send(1, { updates: [finish] })
    await this.client.deleteRun(this.address)
    return 'the test run is removed'
  }

  async #post(firstSeq: number, lastSeq: number, content: BatchContent): Promise<void> {
    const empty = { history: emptyRowBlock(), system: emptyRowBlock(), texts: [], updates: [], console: [] }
    const batch = { ...empty, ...this.#named, writer: this.#writer, firstSeq, lastSeq, ...content }
    const { rejected } = await this.client.ingest(encodeHistoryBatch(batch))
    const [first] = rejected
    if (first !== undefined) throw new Error(`${first.metric} was not stored: ${first.reason}`)
  }
}
