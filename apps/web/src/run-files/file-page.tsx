'use client'
import type { RunAddress } from '@kiroku/core/queries'
import { AudioLines, File, FileDiff, FileJson, FileText, Film, Folder, Image } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { describeError } from '../api/trpc.ts'
import type { RunFiles } from '../api/use-run.ts'
import { formatBytes, formatCount } from '../format/numbers.ts'
import { Age } from '../ui/age.tsx'
import { classes } from '../ui/button.tsx'
import table from '../ui/file-table.module.css'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { VirtualRows } from '../ui/virtual-rows.tsx'
import { useView } from '../workspace/view-context.tsx'
import styles from './file-page.module.css'
import { FileViewer } from './file-viewer.tsx'
import { crumbsOf, entriesOf, type FileView, type FolderEntry, folderOf, viewOf } from './folder.ts'

/** A run's files by folder, and the one that is looked at. */
export function FilePage({ address, list }: { address: RunAddress; list: RunFiles }): ReactNode {
  const { view, change } = useView()
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  const { files } = list
  const folder = folderOf(view.file)
  const entries = useMemo(() => entriesOf(files, folder), [files, folder])
  const shown = files.find(({ path }) => path === view.file)
  if (list.error !== null && files.length === 0)
    return <Notice title={describeError(list.error)} onRetry={list.retry} />
  if (list.isPending) return <Loading what="files" />
  if (files.length === 0)
    return (
      <Notice
        title="The run keeps no files."
        detail="Its patch, program and package list come here, and images and tables that it logs."
      />
    )
  const open = (file: string): void => change({ file })
  const size = entries.reduce((sum, entry) => sum + entry.size, 0)
  const isMissing = view.file !== '' && shown === undefined && entries.length === 0
  return (
    <section className={styles.page} aria-label="Files" data-testid="files" data-file={shown?.path ?? ''}>
      <div className={classes(styles.list, shown !== undefined && styles.beside)}>
        <nav className={styles.crumbs} aria-label="Folder">
          <button type="button" onClick={() => open('')}>
            {address.run}
          </button>
          {crumbsOf(folder).map(({ name, path }) => (
            <span key={path}>
              <i>/</i>
              <button type="button" onClick={() => open(path)}>
                {name}
              </button>
            </span>
          ))}
          <span className={styles.sum}>
            {formatCount(entries.reduce((sum, entry) => sum + entry.count, 0))} files, {formatBytes(size)}
          </span>
        </nav>
        <div className={table.scroller} ref={setScroller}>
          <table className={table.table}>
            <caption className="visually-hidden">Files</caption>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col" className={classes(table.type, styles.kind)}>
                  Type
                </th>
                <th scope="col" className={table.number}>
                  Size
                </th>
                <th scope="col" className={table.number}>
                  Age
                </th>
              </tr>
            </thead>
            <VirtualRows
              scroller={scroller}
              count={entries.length}
              rowHeight={30}
              columns={4}
              renderRow={(index) => {
                const entry = entries[index]
                return entry === undefined ? null : (
                  <Row entry={entry} isShown={entry.path === view.file} onOpen={() => open(entry.path)} />
                )
              }}
            />
          </table>
          {isMissing && <Notice title="The run has no such file." />}
        </div>
      </div>
      {shown !== undefined && (
        <FileViewer key={`${shown.path} ${shown.sha256}`} address={address} file={shown} onClose={() => open(folder)} />
      )}
    </section>
  )
}

const icons: Record<FileView, typeof File> = {
  image: Image,
  audio: AudioLines,
  video: Film,
  diff: FileDiff,
  json: FileJson,
  text: FileText,
  none: File,
}

function Row({ entry, isShown, onOpen }: { entry: FolderEntry; isShown: boolean; onOpen: () => void }): ReactNode {
  const Icon = entry.kind === 'folder' ? Folder : icons[viewOf(entry)]
  return (
    <tr data-testid="file" data-path={entry.path} aria-current={isShown ? 'true' : undefined}>
      <th scope="row">
        <button type="button" className={styles.open} onClick={onOpen} title={entry.path}>
          <Icon size={14} /> <span>{entry.name}</span>
        </button>
      </th>
      <td className={classes(table.type, styles.kind)}>
        {entry.kind === 'file' ? entry.mime.split(';')[0] : `${formatCount(entry.count)} files`}
      </td>
      <td className={table.number} title={`${formatCount(entry.size)} bytes`}>
        {formatBytes(entry.size)}
      </td>
      <td className={table.number}>
        <Age time={entry.createdAt} />
      </td>
    </tr>
  )
}
