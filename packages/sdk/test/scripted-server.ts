import { createHash } from 'node:crypto'
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { decodeHistoryBatch, type HistoryBatch } from '@kiroku/core/history'
import { type CreateRunInput, createRunInputSchema } from '@kiroku/core/runs'

export type Answer = { status: number; body: object }

/**
 * A server of one run that keeps what it acknowledged and was given. `refuse`, `refuseCreate` and `refuseBlob` answer in its
 * place where they say anything; `key`, when set, is the only one that it takes.
 */
export class ScriptedServer implements AsyncDisposable {
  readonly batches: { firstSeq: number; lastSeq: number }[] = []
  readonly taken: HistoryBatch[] = []
  readonly creates: CreateRunInput[] = []
  readonly blobs = new Map<string, Buffer>()
  readonly keys: string[] = []
  ackSeq = 0
  /** Records up to here came from another sender: the updates among them are passed over. */
  passOverTo = 0
  nextBatchMs = 0
  startingStep = 0
  key: string | undefined
  refuse: (firstSeq: number, batch: HistoryBatch) => Answer | undefined = () => undefined
  refuseCreate: () => Answer | undefined = () => undefined
  refuseBlob: (sha256: string) => Answer | undefined | Promise<Answer | undefined> = () => undefined
  url = ''
  readonly #http: HttpServer

  constructor() {
    this.#http = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => void this.#answer(request, Buffer.concat(chunks), response))
    })
  }

  /** How often a run was created. */
  get creations(): number {
    return this.creates.length
  }

  /** The kinds of all updates that it took. */
  get updates(): string[] {
    return this.taken.flatMap(({ updates }) => updates.map(({ type }) => type))
  }

  /** The steps of all rows that it took. */
  get steps(): number[] {
    return this.taken.flatMap(({ history }) => [...history.steps])
  }

  /** The paths of the files that it was told of. */
  get files(): string[] {
    return this.taken.flatMap(({ updates }) =>
      updates.flatMap((update) => (update.type === 'file' ? [update.path] : [])),
    )
  }

  /** Begins to listen; answers its address. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve))
    const address = this.#http.address()
    this.url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : ''
    return this.url
  }

  close(): void {
    this.#http.closeAllConnections()
    this.#http.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  async #answer({ url = '', headers }: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const { status, body: answer } = await this.#decide(url, (headers.authorization ?? '').replace('Bearer ', ''), body)
    response.writeHead(status).end(JSON.stringify(answer))
  }

  async #decide(url: string, key: string, body: Buffer): Promise<Answer> {
    this.keys.push(key)
    if (this.key !== undefined && key !== this.key) {
      return { status: 401, body: { code: 'UNAUTHORIZED', message: 'no such key' } }
    }
    if (url.includes('runs.create')) return this.refuseCreate() ?? this.#create(body)
    if (url.includes('files.offer')) return this.#offer(body)
    if (url.includes('/api/blobs/')) return this.#blob(url.slice(url.lastIndexOf('/') + 1), body)
    return this.#take(body)
  }

  #create(body: Buffer): Answer {
    this.creates.push(createRunInputSchema.parse(JSON.parse(body.toString())))
    const { ackSeq, startingStep } = this
    const data = {
      organization: 'o',
      project: 'p',
      run: 'r',
      displayName: 'n',
      path: '/o/p/runs/r',
      ackSeq,
      startingStep,
    }
    return { status: 200, body: { result: { data } } }
  }

  #offer(body: Buffer): Answer {
    const { hashes } = JSON.parse(body.toString())
    const missing = hashes.filter((hash: string) => !this.blobs.has(hash))
    return { status: 200, body: { result: { data: { missing } } } }
  }

  async #blob(sha256: string, body: Buffer): Promise<Answer> {
    const refusal = await this.refuseBlob(sha256)
    if (refusal !== undefined) return refusal
    if (createHash('sha256').update(body).digest('hex') !== sha256)
      return { status: 400, body: { message: 'other bytes' } }
    this.blobs.set(sha256, body)
    return { status: 200, body: {} }
  }

  #take(bytes: Buffer): Answer {
    const batch = decodeHistoryBatch(new Uint8Array(bytes))
    const { firstSeq, lastSeq } = batch
    const refusal = this.refuse(firstSeq, batch)
    if (refusal !== undefined) return refusal
    if (firstSeq > this.ackSeq + 1) return { status: 409, body: { details: { ackSeq: this.ackSeq } } }
    const seqs = [...batch.updates, ...batch.texts, ...batch.console].map(({ seq }) => seq)
    const stray = [...seqs, ...batch.history.seqs].filter((seq) => seq < firstSeq || seq > lastSeq)
    if (stray.length > 0) throw new Error(`records ${stray} are outside of ${firstSeq} to ${lastSeq}`)
    this.batches.push({ firstSeq, lastSeq })
    this.taken.push({ ...batch, updates: batch.updates.filter(({ seq }) => seq > this.passOverTo) })
    this.ackSeq = lastSeq
    return { status: 200, body: { ackSeq: lastSeq, nextBatchMs: this.nextBatchMs } }
  }
}
