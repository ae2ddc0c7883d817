import { cleanText } from '@kiroku/core/values'
import type { FileStreamService, StreamTarget } from './file-stream.service.ts'

/** What a script wants to be told of. Within `waitMs` of one another of the same title is not told. */
export type Alert = { title: string; text: string; severity: 'INFO' | 'WARN' | 'ERROR'; waitMs: number }

export type AlertsService = {
  /** Makes an alert lines of the run's console. Throws NOT_FOUND for a run that no process writes to. */
  tell(target: StreamTarget, alert: Alert): Promise<void>
}

/** So many alerts are remembered for their waits, which is no promise: another server, or this one started anew, tells again. */
const maxRemembered = 10_000
/** What a line of the console holds, in characters. */
const maxLine = 8192

export function createAlertsService(stream: Pick<FileStreamService, 'say'>, now = Date.now): AlertsService {
  const toldAt = new Map<string, number>()
  return {
    async tell(target, { title, text, severity, waitMs }) {
      const key = JSON.stringify([target.scope.projectId, target.run, title])
      const last = toldAt.get(key)
      if (last !== undefined && now() - last < waitMs) return
      await stream.say(target, cleanText(`[alert ${severity}] ${title}: ${text}`).slice(0, maxLine))
      // What was told last is last, so that the oldest is forgotten first.
      toldAt.delete(key)
      toldAt.set(key, now())
      const [oldest] = toldAt.keys()
      if (toldAt.size > maxRemembered && oldest !== undefined) toldAt.delete(oldest)
    },
  }
}
