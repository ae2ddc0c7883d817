'use client'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useRef, useState } from 'react'
import { checkFile } from '../api/file-client.ts'
import { describeError } from '../api/trpc.ts'
import { useIsNearScreen } from '../chart/use-element-size.ts'
import styles from './media-files.module.css'

export type PlayerProps = { url: string; name: string }

/** A sound with the browser's own controls. Its length is read when it comes into view, its sound when it is played. */
export function AudioPlayer({ url, name }: PlayerProps): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const isNear = useIsNearScreen(place)
  const [hasFailed, setHasFailed] = useState(false)
  return (
    <div ref={place} className={styles.audio}>
      {hasFailed ? (
        <Unplayable url={url} />
      ) : (
        // biome-ignore lint/a11y/useMediaCaption: scripts log no captions in time; what is said of a sound stands below it
        <audio
          controls
          src={url}
          preload={isNear ? 'metadata' : 'none'}
          aria-label={name}
          onError={() => setHasFailed(true)}
        />
      )}
    </div>
  )
}

/** A film with the browser's own controls. A GIF, which plays by itself, is a picture. */
export function VideoPlayer({ url, name }: PlayerProps): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const isNear = useIsNearScreen(place)
  const [hasFailed, setHasFailed] = useState(false)
  const isPicture = new URLSearchParams(url.slice(url.indexOf('?'))).get('path')?.toLowerCase().endsWith('.gif')
  return (
    <div ref={place} className={styles.video}>
      {hasFailed && <Unplayable url={url} />}
      {!hasFailed && isPicture && <img src={url} alt={name} loading="lazy" onError={() => setHasFailed(true)} />}
      {!hasFailed && !isPicture && (
        // biome-ignore lint/a11y/useMediaCaption: scripts log no captions in time; what is said of a film stands below it
        <video
          controls
          playsInline
          src={url}
          preload={isNear ? 'metadata' : 'none'}
          aria-label={name}
          onError={() => setHasFailed(true)}
        />
      )}
    </div>
  )
}

/** Why a file does not play: what the server says of it, or that this browser cannot. */
function Unplayable({ url }: { url: string }): ReactNode {
  const query = useQuery({
    queryKey: ['file-check', url],
    queryFn: ({ signal }) => checkFile(url, signal),
    retry: false,
  })
  if (query.isPending) return null
  return (
    <p className={styles.problem} role="alert">
      {query.error === null
        ? 'This browser cannot play this kind of file. Download it to play it elsewhere.'
        : describeError(query.error)}
    </p>
  )
}
