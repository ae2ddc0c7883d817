/**
 * The source of a regular expression, for JavaScript and RE2 alike, that matches what terminals are told by escape sequences
 * (colours, moves of the cursor, titles, links), one that a line ends in before it is whole included.
 */
export const escapeSequencePattern =
  '\\x1b\\[[0-?]*[ -/]*[@-~]|\\x1b[\\]PX^_][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\|$)|\\x1b[ -/]*[0-~]?'

/** The source of a regular expression that matches control characters that no text shows: all but the tab. */
export const controlCharacterPattern = '[\\x00-\\x08\\x0a-\\x1f\\x7f]'
