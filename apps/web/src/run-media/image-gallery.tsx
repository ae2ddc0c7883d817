'use client'
import type { ImageValue } from '@kiroku/core/media'
import type { RunAddress } from '@kiroku/core/queries'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { fileUrl } from '../api/file-client.ts'
import { classes, IconButton } from '../ui/button.tsx'
import { Modal } from '../ui/modal.tsx'
import styles from './media-page.module.css'

const nameOf = (image: ImageValue, index: number): string => image.caption ?? `Image ${index + 1}`

/** Images that were logged together, with what is written below them; a click shows one large. */
export function ImageGallery({ address, images }: { address: RunAddress; images: readonly ImageValue[] }): ReactNode {
  const [open, setOpen] = useState<number | null>(null)
  const large = open === null ? undefined : images[open]
  const turn = (by: number): void =>
    setOpen((last) => (last === null ? last : (last + by + images.length) % images.length))
  return (
    <div className={classes(styles.gallery, images.length === 1 && styles.single)}>
      {images.map((image, index) => (
        <figure key={`${index} ${image.path}`} className={styles.figure}>
          <button type="button" aria-label={`Enlarge ${nameOf(image, index)}`} onClick={() => setOpen(index)}>
            <Picture address={address} image={image} name={nameOf(image, index)} />
          </button>
          {image.caption && <figcaption title={image.caption}>{image.caption}</figcaption>}
        </figure>
      ))}
      <Modal
        isOpen={large !== undefined}
        onClose={() => setOpen(null)}
        title={large === undefined ? '' : `${nameOf(large, open ?? 0)}`}
        size="large"
        actions={
          images.length > 1 && (
            <>
              <span className={styles.faint}>
                {(open ?? 0) + 1} of {images.length}
              </span>
              <IconButton label="Image before" onClick={() => turn(-1)}>
                <ChevronLeft size={16} />
              </IconButton>
              <IconButton label="Next image" onClick={() => turn(1)}>
                <ChevronRight size={16} />
              </IconButton>
            </>
          )
        }
      >
        {large !== undefined && (
          // biome-ignore lint/a11y/noStaticElementInteractions: the buttons above do what these keys do
          <div
            className={styles.large}
            onKeyDown={(event) => {
              if (event.key === 'ArrowLeft') turn(-1)
              if (event.key === 'ArrowRight') turn(1)
            }}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the arrow keys
            tabIndex={0}
          >
            <Picture address={address} image={large} name={nameOf(large, open ?? 0)} />
            <p className={styles.faint}>
              {large.width} × {large.height}, {large.format}
            </p>
          </div>
        )}
      </Modal>
    </div>
  )
}

/** Small pictures, such as digits of 28 pixels, are drawn large with their pixels told apart. */
const smallestSmooth = 96

function Picture({ address, image, name }: { address: RunAddress; image: ImageValue; name: string }): ReactNode {
  const isSmall = Math.max(image.width, image.height) < smallestSmooth
  return (
    <img
      src={fileUrl(address, image.path)}
      alt={name}
      width={image.width}
      height={image.height}
      loading="lazy"
      decoding="async"
      className={classes(isSmall && styles.pixels)}
      style={{ aspectRatio: `${image.width} / ${image.height}` }}
    />
  )
}
