import type { WandbContext } from '../context.ts'
import type { WandbModule } from '../module.ts'
import type { RunNode } from '../nodes.ts'
import { historyKeys, systemMetricsDocument } from '../run-documents.ts'

async function keysOf({ scope, run, keys }: RunNode, { services }: WandbContext) {
  const found = await (keys ? keys() : services.queries.keys(scope, [run.id]))
  return found.get(run.id) ?? { metrics: [], texts: [] }
}

/** Which metrics a run logged, and what its machine did last. */
export const runKeysModule: WandbModule = {
  sdl: `
    extend type Run { historyKeys: JSON systemMetrics: JSONString }
  `,
  fields: {
    Run: {
      historyKeys: async (node, _args, context) => historyKeys(node.run, await keysOf(node, context)),
      systemMetrics: async (node, _args, context) => systemMetricsDocument(await keysOf(node, context)),
    },
  },
}
