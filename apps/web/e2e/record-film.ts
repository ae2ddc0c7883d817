import { openPage } from './browser.ts'
import { browser, server } from './dashboard.ts'

/** Films a square that moves, as a browser records it. */
export async function recordFilm(): Promise<Buffer<ArrayBuffer>> {
  const { page: studio, close } = await openPage(browser, server.url)
  const film = await studio.evaluate(async () => {
    const canvas = document.createElement('canvas')
    canvas.width = 160
    canvas.height = 90
    const context = canvas.getContext('2d')
    const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: 'video/webm' })
    const parts: Blob[] = []
    recorder.ondataavailable = ({ data }) => parts.push(data)
    const stopped = new Promise((resolve) => {
      recorder.onstop = resolve
    })
    recorder.start()
    for (let frame = 0; frame < 16; frame++) {
      if (context !== null) {
        context.fillStyle = '#223'
        context.fillRect(0, 0, 160, 90)
        context.fillStyle = '#fa5'
        context.fillRect(frame * 8, 30, 30, 30)
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    recorder.stop()
    await stopped
    const url = await new Promise<string>((resolve) => {
      const reader = new FileReader()
      reader.onload = () => resolve(String(reader.result))
      reader.readAsDataURL(new Blob(parts))
    })
    return url.slice(url.indexOf(',') + 1)
  })
  await close()
  return Buffer.from(film, 'base64')
}
