/**
 * The rows of UTF-8 text, parted by line feeds alone: JSON may hold every other sign that some call an end of line. No more
 * than a piece of the text and its rows are in memory.
 */
export async function* readRows(pieces: AsyncIterable<Uint8Array>): AsyncIterable<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let begun = ''
  for await (const piece of pieces) {
    const rows = (begun + decoder.decode(piece, { stream: true })).split('\n')
    begun = rows.pop() ?? ''
    if (rows.length > 0) yield rows
  }
  begun += decoder.decode()
  if (begun !== '') yield [begun]
}
