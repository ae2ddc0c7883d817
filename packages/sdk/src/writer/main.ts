import { workerData } from 'node:worker_threads'
import { writerDataSchema } from './protocol.ts'
import { Writer } from './writer.ts'

new Writer(writerDataSchema.parse(workerData)).start()
