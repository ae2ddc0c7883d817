/**
 * What runs in a figure's frame after Plotly: it draws the `{ data, layout }` that the page around it posts, and tells that
 * page `ready`, then `drawn` or `failed` with a message. Nothing of it leaves the frame but these words.
 */
export const figureScript = `
;(() => {
  const tell = (state, message) => parent.postMessage({ state, message }, '*')
  const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ['toImage', 'sendDataToCloud'] }
  addEventListener('message', async (event) => {
    if (event.source !== parent) return
    try {
      document.documentElement.style.colorScheme = event.data.scheme
      await Plotly.react('figure', event.data.data, event.data.layout, config)
      tell('drawn')
    } catch (error) {
      tell('failed', String((error && error.message) || error))
    }
  })
  tell('ready')
})()
`
