import type { LiveNotice } from '@kiroku/core/live'
import type { NoticeListener, RunNotice } from '../../database/notifications.ts'

/** At most ten events a second and project reach one browser. */
const gatherMs = 100

/** What a browser listens to: one project, or all of these organizations. */
export type LiveTopic = { organizationIds: readonly string[]; projectId: string | null }

export type LiveSubscriber = {
  moved(notice: LiveNotice): void
  /** Notices were missed, or the server stops: the browser must connect again and read anew. */
  end(): void
}

/** Hands the notices of all servers to the browsers that listen. */
export type LiveService = {
  /** Answers how to stop listening. */
  subscribe(topic: LiveTopic, subscriber: LiveSubscriber): () => void
  close(): void
}

/** Gathers notices for each subscriber, so that what waits for one is bounded by the number of runs. */
export function createLiveService(listener: NoticeListener): LiveService {
  const subscribers = new Set<{ take(notices: readonly RunNotice[]): void; end(): void }>()
  const stopNotices = listener.onNotices((notices) => {
    for (const subscriber of subscribers) subscriber.take(notices)
  })
  const endAll = (): void => {
    for (const subscriber of [...subscribers]) subscriber.end()
  }
  const stopGaps = listener.onGap(endAll)

  return {
    subscribe(topic, subscriber) {
      const gathered = gather(topic, subscriber)
      subscribers.add(gathered)
      return () => {
        subscribers.delete(gathered)
        gathered.stop()
      }
    },
    close() {
      stopNotices()
      stopGaps()
      endAll()
    },
  }
}

function gather(
  topic: LiveTopic,
  subscriber: LiveSubscriber,
): { take(notices: readonly RunNotice[]): void; end(): void; stop(): void } {
  const waiting = new Map<string, Map<string, RunNotice>>()
  let timer: NodeJS.Timeout | undefined
  let lastSentAt = 0

  const send = (): void => {
    timer = undefined
    lastSentAt = Date.now()
    for (const notices of waiting.values()) subscriber.moved(toLiveNotice(topic, [...notices.values()]))
    waiting.clear()
  }

  return {
    take(notices) {
      for (const notice of notices) {
        if (!isAbout(topic, notice)) continue
        const project = waiting.get(notice.projectId) ?? new Map<string, RunNotice>()
        waiting.set(notice.projectId, project)
        project.set(notice.run, merge(project.get(notice.run), notice))
      }
      if (waiting.size > 0) timer ??= setTimeout(send, Math.max(0, lastSentAt + gatherMs - Date.now()))
    },
    end: () => subscriber.end(),
    stop: () => clearTimeout(timer),
  }
}

function isAbout(topic: LiveTopic, notice: RunNotice): boolean {
  return topic.projectId === null
    ? topic.organizationIds.includes(notice.organizationId)
    : topic.projectId === notice.projectId
}

function merge(before: RunNotice | undefined, notice: RunNotice): RunNotice {
  return {
    ...notice,
    points: notice.points || before?.points === true,
    created: notice.created || before?.created === true,
  }
}

function toLiveNotice(topic: LiveTopic, notices: readonly RunNotice[]): LiveNotice {
  const runs = notices.map(({ run, state, points, created, deleted }) => ({
    ...{ run, state, points, created },
    ...(deleted && { deleted }),
  }))
  const [first] = notices
  return topic.projectId === null && first ? { project: first.project, runs } : { runs }
}
