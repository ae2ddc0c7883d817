import type { WandbModule } from '../module.ts'

/**
 * What changes how clients log: prefix definitions come as such, printed lines with their stream and time apart, and packed
 * bodies are understood.
 */
const features = ['EXPAND_DEFINED_METRIC_GLOBS', 'STRUCTURED_CONSOLE_LOGS', 'FILESTREAM_GZIP']

/** Older clients compare versions before they log tables and lists of images: all are new enough. */
const cliVersionInfo = { max_cli_version: '0.999.0', min_cli_version: '0.0.1' }

/** What the server can do. Clients up to 0.25 need `serverInfo`, and ask by introspection for what there is. */
export const serverInfoModule: WandbModule = {
  sdl: `
    extend type Query { serverInfo: ServerInfo }
    type ServerInfo {
      features: [ServerFeature]
      cliVersionInfo: JSON
      latestLocalVersionInfo: LatestLocalVersionInfo
    }
    type ServerFeature { name: String isEnabled: Boolean }
    type LatestLocalVersionInfo {
      outOfDate: Boolean
      latestVersionString: String
      versionOnThisInstanceString: String
    }
    type ServerSettings { serverMessages: [ServerMessage!]! }
    type ServerMessage { utfText: String plainText: String htmlText: String messageType: String messageLevel: String }
  `,
  fields: {
    Query: {
      serverInfo: () => ({
        features: features.map((name) => ({ name, isEnabled: true })),
        cliVersionInfo,
        latestLocalVersionInfo: null,
      }),
    },
  },
}
