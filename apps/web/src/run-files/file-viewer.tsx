'use client'
import type { RunFile } from '@kiroku/core/files'
import type { RunAddress } from '@kiroku/core/queries'
import { useQuery } from '@tanstack/react-query'
import { Download, WrapText, X } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { fetchFileText, fileUrl } from '../api/file-client.ts'
import { describeError } from '../api/trpc.ts'
import { formatBytes } from '../format/numbers.ts'
import { AudioPlayer, VideoPlayer } from '../run-media/media-players.tsx'
import { IconButton } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import table from '../ui/file-table.module.css'
import { Hint } from '../ui/hint.tsx'
import { Notice } from '../ui/notice.tsx'
import { type CodeLine, CodeLines } from './code-lines.tsx'
import { diffLines } from './diff.ts'
import styles from './file-page.module.css'
import { type FileView, viewOf } from './folder.ts'

/** The most of a text that is shown, in bytes; the page says when there is more. */
const mostShownBytes = 2 * 1024 * 1024

export type FileViewerProps = { address: RunAddress; file: RunFile; onClose: () => void }

/** One file, as far as a page can show it, and the way to have it whole. */
export function FileViewer({ address, file, onClose }: FileViewerProps): ReactNode {
  const [isWrapped, setIsWrapped] = useState(false)
  const url = fileUrl(address, file.path)
  const view = viewOf(file)
  const isText = !['image', 'audio', 'video', 'none'].includes(view)
  const query = useQuery({
    queryKey: ['file', url, file.sha256],
    queryFn: ({ signal }) => fetchFileText(url, mostShownBytes, signal),
    enabled: isText,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  })
  return (
    <article className={styles.viewer} aria-label={file.path} data-testid="file-viewer" data-view={view}>
      <header className={styles.head}>
        <h2 title={file.path}>{file.path.split('/').at(-1)}</h2>
        <span className={styles.sum}>{formatBytes(file.size)}</span>
        {query.data?.isCut && (
          <span className={styles.cut} role="status">
            the first {formatBytes(mostShownBytes)} of {formatBytes(file.size)}: download it for all
          </span>
        )}
        <span className={styles.spring} />
        {query.data !== undefined && <CopyButton text={query.data.text} label="Copy what is shown" />}
        {isText && (
          <Hint text={isWrapped ? 'Do not wrap long lines' : 'Wrap long lines'}>
            <IconButton label="Wrap" aria-pressed={isWrapped} onClick={() => setIsWrapped(!isWrapped)}>
              <WrapText size={14} />
            </IconButton>
          </Hint>
        )}
        <Hint text="Download">
          <a
            className={table.download}
            href={url}
            download={file.path.split('/').at(-1)}
            aria-label="Download the file"
          >
            <Download size={14} />
          </a>
        </Hint>
        <IconButton label="Close the file" onClick={onClose}>
          <X size={15} />
        </IconButton>
      </header>
      {view === 'image' && (
        <div className={styles.image}>
          <img src={url} alt={file.path} />
        </div>
      )}
      {(view === 'audio' || view === 'video') && (
        <div className={styles.player}>
          {view === 'audio' ? <AudioPlayer url={url} name={file.path} /> : <VideoPlayer url={url} name={file.path} />}
        </div>
      )}
      {view === 'none' && (
        <Notice
          title="There is no picture of this kind of file."
          detail={`${file.mime}. Download it to see what is in it.`}
        />
      )}
      {query.error !== null && <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />}
      {query.data !== undefined && <TextView text={query.data.text} view={view} isWrapped={isWrapped} />}
    </article>
  )
}

function TextView({ text, view, isWrapped }: { text: string; view: FileView; isWrapped: boolean }): ReactNode {
  const lines = useMemo(() => linesOf(text, view), [text, view])
  if (text === '') return <Notice title="The file is empty." />
  return <CodeLines lines={lines} isWrapped={isWrapped} numbers={view === 'diff' ? 2 : 1} />
}

function linesOf(text: string, view: FileView): CodeLine[] {
  if (view === 'diff')
    return diffLines(text).map(({ kind, before, after, text: line }) => ({
      kind,
      numbers: [before, after],
      text: line,
    }))
  const whole = view === 'json' ? indented(text) : text
  return whole
    .replace(/\n$/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ kind: 'same', numbers: [index + 1], text: line }))
}

/** JSON with indents; what is not JSON, or was cut, stays as it is. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
