'use client'
import type { MediaFile } from '@kiroku/core/media-files'
import type { RunAddress } from '@kiroku/core/queries'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { checkFile, pageUrl } from '../api/file-client.ts'
import { describeError } from '../api/trpc.ts'
import { Button, classes } from '../ui/button.tsx'
import styles from './media-files.module.css'

export type FramedFileProps = { address: RunAddress; file: MediaFile; name: string; isLarge: boolean }

/** A logged page in a frame of its own origin: it has neither the reader's session nor the network. */
export function HtmlView({ address, file, name, isLarge }: FramedFileProps): ReactNode {
  const url = pageUrl(address, file.path)
  // What refuses a frame says nothing of why, so that the page is asked for once before.
  const query = useQuery({
    queryKey: ['file-check', url],
    queryFn: ({ signal }) => checkFile(url, signal),
    retry: false,
  })
  return (
    <div className={classes(styles.page, isLarge && styles.large)} data-testid="html">
      {query.error !== null && (
        <div className={styles.problem} role="alert">
          <p>{describeError(query.error)}</p>
          <Button onClick={() => void query.refetch()}>Try again</Button>
        </div>
      )}
      {query.data && (
        <iframe src={url} sandbox="allow-scripts" referrerPolicy="no-referrer" loading="lazy" title={name} />
      )}
    </div>
  )
}
