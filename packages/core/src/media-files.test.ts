import { describe, expect, it } from 'vitest'
import { mediaValueSchema } from './media.ts'
import { mediaFilesOf, mediaFilesSchema } from './media-files.ts'

const sha256 = 'a'.repeat(64)
const file = (path: string, more: object = {}) => ({ path, sha256, size: 7, ...more })
const filesOf = (value: object) => mediaFilesOf(mediaFilesSchema.parse(value))

describe('the files of a logged value', () => {
  it.each([
    ['audio-file', 'audio'],
    ['video-file', 'video'],
    ['html-file', 'html'],
    ['plotly-file', 'plotly'],
    ['object3D-file', 'object3d'],
    ['molecule-file', 'molecule'],
    ['bokeh-file', 'bokeh'],
    ['graph-file', 'graph'],
  ])('are one for %s', (_type, kind) => {
    const value = { _type, ...file('media/x', { caption: 'cap' }) }
    expect(filesOf(value)).toEqual({ kind, files: [{ path: 'media/x', size: 7, caption: 'cap' }] })
    expect(mediaValueSchema.safeParse(value).success).toBe(true)
  })

  it('are those of a list in their order, with captions of their own or of the list', () => {
    const audio = [file('a.wav', { caption: 'one' }), file('b.wav'), file('c.wav')]
    expect(filesOf({ _type: 'audio', count: 3, audio, captions: ['1', '', 'three'] })).toEqual({
      kind: 'audio',
      files: [
        { path: 'a.wav', size: 7, caption: 'one' },
        { path: 'b.wav', size: 7, caption: null },
        { path: 'c.wav', size: 7, caption: 'three' },
      ],
    })
    expect(filesOf({ _type: 'videos', videos: [file('a.mp4')], captions: false }).files).toHaveLength(1)
    expect(filesOf({ _type: 'html', html: [file('a.html')] }).kind).toBe('html')
  })

  it('are known by their paths alone where the client tells no more', () => {
    expect(filesOf({ _type: 'molecule', filenames: ['m.pdb'], count: 1, captions: ['m'] })).toEqual({
      kind: 'molecule',
      files: [{ path: 'm.pdb', size: null, caption: 'm' }],
    })
    expect(filesOf({ _type: 'object3D', filenames: ['o.glb'], count: 1, objects: [] }).kind).toBe('object3d')
  })

  it.each([
    { _type: 'audio-file', path: '../x', sha256, size: 1 },
    { _type: 'something-file', path: 'x', sha256, size: 1 },
    { _type: 'audio', audio: 'x' },
  ])('are none of what is none: %j', (value) => expect(mediaFilesSchema.safeParse(value).success).toBe(false))
})
