import type { Report } from '../src/sidecar/protocol.ts'
import { Turns } from '../src/sidecar/turns.ts'
import { Uploader, type UploaderOptions } from '../src/sidecar/uploader.ts'
import { Wakeable } from '../src/sidecar/wakeable.ts'

/** An uploader of one log and what it reported. */
export function uploaderOf(
  { directory, url }: { directory: string; url: string },
  options: Partial<UploaderOptions> = {},
): { uploader: Uploader; reports: Report[]; wakeable: Wakeable } {
  const reports: Report[] = []
  const wakeable = new Wakeable()
  const uploader = new Uploader({
    order: { id: 7, directory, url, apiKey: 'key' },
    report: (report) => reports.push(report),
    turns: new Turns(1),
    wakeable,
    isOrphan: () => false,
    refusedWait: null,
    ...options,
  })
  return { uploader, reports, wakeable }
}
