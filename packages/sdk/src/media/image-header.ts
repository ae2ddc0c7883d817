/** What an image's header tells. Width and height in pixels. */
export type ImageFacts = { format: 'png' | 'jpeg'; width: number; height: number }

const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const pngHeaderBytes = 24

/** Reads format and size off an image's header; undefined when it is neither a PNG nor a JPEG that has a size. */
export function readImageFacts(bytes: Uint8Array): ImageFacts | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const facts = pngFacts(view) ?? jpegFacts(view)
  return facts !== undefined && facts.width > 0 && facts.height > 0 ? facts : undefined
}

function pngFacts(view: DataView): ImageFacts | undefined {
  if (view.byteLength < pngHeaderBytes || !pngSignature.every((byte, at) => view.getUint8(at) === byte))
    return undefined
  const isHeader = view.getUint32(12) === 0x49484452
  return isHeader ? { format: 'png', width: view.getUint32(16), height: view.getUint32(20) } : undefined
}

/** Markers that stand alone, without a length after them. */
const isBare = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)

/** SOF0 to SOF15; in between lie DHT, JPG and DAC, which begin no frame. */
const beginsFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)

function jpegFacts(view: DataView): ImageFacts | undefined {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return undefined
  let at = 2
  while (at + 4 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return undefined
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) at++
    else if (isBare(marker)) at += 2
    else if (beginsFrame(marker)) {
      return at + 9 <= view.byteLength
        ? { format: 'jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
        : undefined
    } else at += 2 + Math.max(2, view.getUint16(at + 2))
  }
  return undefined
}
