'use client'
import { type MediaFile, type MediaFileKind, type MediaFilesValue, mediaFilesOf } from '@kiroku/core/media-files'
import type { RunAddress } from '@kiroku/core/queries'
import { Download, Maximize2 } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { fileUrl } from '../api/file-client.ts'
import { formatBytes, formatCount } from '../format/numbers.ts'
import { Button, classes, IconButton } from '../ui/button.tsx'
import { Modal } from '../ui/modal.tsx'
import { HtmlView } from './html-view.tsx'
import styles from './media-files.module.css'
import { AudioPlayer, VideoPlayer } from './media-players.tsx'
import { PlotlyView } from './plotly-view.tsx'

/** The largest page or figure that is read without being asked to, in bytes. */
const readByItself = 8 * 1024 * 1024

/** Players are shown at once up to so many; of more, after a click, so that a page does not open a hundred files. */
const shownAtFirst = 12

/** What files are that nothing here draws, for readers. */
const undrawn: Partial<Record<MediaFileKind, string>> = {
  object3d: '3D objects are not drawn here: download them to look at them.',
  molecule: 'Molecules are not drawn here: download them to look at them.',
  bokeh: 'Bokeh figures are not drawn here: download them to look at them.',
  graph: 'Graphs are not drawn here: download them to look at them.',
}

export type MediaFilesProps = { address: RunAddress; metric: string; value: MediaFilesValue }

/** Sounds, films, pages and figures, each played or drawn in its place; other files are offered for download. */
export function MediaFiles({ address, metric, value }: MediaFilesProps): ReactNode {
  const { kind, files } = useMemo(() => mediaFilesOf(value), [value])
  const [isWhole, setIsWhole] = useState(false)
  const why = undrawn[kind]
  const shown = isWhole ? files : files.slice(0, shownAtFirst)
  const nameOf = (file: MediaFile, index: number): string =>
    file.caption ?? (files.length === 1 ? metric : `${metric}, ${index + 1}`)
  return (
    <div className={classes(styles.files, kind === 'video' && files.length > 1 && styles.beside)} data-kind={kind}>
      {files.length === 0 && <p className={styles.faint}>It was logged with no files.</p>}
      {why !== undefined && <p className={styles.faint}>{why}</p>}
      {shown.map((file, index) => (
        <Item
          key={index}
          address={address}
          kind={kind}
          file={file}
          name={nameOf(file, index)}
          isOne={files.length === 1}
        />
      ))}
      {shown.length < files.length && (
        <Button onClick={() => setIsWhole(true)}>Show all {formatCount(files.length)}</Button>
      )}
    </div>
  )
}

type ItemProps = { address: RunAddress; kind: MediaFileKind; file: MediaFile; name: string; isOne: boolean }

function Item({ address, kind, file, name, isOne }: ItemProps): ReactNode {
  const [isOpen, setIsOpen] = useState(false)
  const [isWanted, setIsWanted] = useState(false)
  const url = fileUrl(address, file.path)
  const fileName = file.path.split('/').at(-1) ?? file.path
  const isFramed = kind === 'html' || kind === 'plotly'
  const isRead = !isFramed || isWanted || (file.size ?? 0) <= readByItself
  const view = (isLarge: boolean): ReactNode => {
    if (kind === 'html') return <HtmlView key={url} address={address} file={file} name={name} isLarge={isLarge} />
    if (kind === 'plotly') return <PlotlyView address={address} file={file} name={name} isLarge={isLarge} />
    return null
  }
  return (
    <figure className={styles.item} data-testid="media-file" data-path={file.path}>
      {kind === 'audio' && <AudioPlayer key={url} url={url} name={name} />}
      {kind === 'video' && <VideoPlayer key={url} url={url} name={name} />}
      {isFramed && isRead && view(false)}
      {!isRead && (
        <p className={styles.asked}>
          <Button onClick={() => setIsWanted(true)}>Show {formatBytes(file.size ?? 0)}</Button>
        </p>
      )}
      <figcaption>
        <span title={file.caption ?? fileName}>{file.caption ?? (isFramed || isOne ? '' : fileName)}</span>
        {isFramed && isRead && (
          <IconButton label={`Enlarge ${name}`} className={styles.small} onClick={() => setIsOpen(true)}>
            <Maximize2 size={12} />
          </IconButton>
        )}
        <a href={url} download={fileName} title={`Download ${fileName}`} aria-label={`Download ${fileName}`}>
          <Download size={12} /> {file.size === null ? fileName : formatBytes(file.size)}
        </a>
      </figcaption>
      {isFramed && (
        <Modal isOpen={isOpen} onClose={() => setIsOpen(false)} title={name} size="large">
          {isOpen && view(true)}
        </Modal>
      )}
    </figure>
  )
}
