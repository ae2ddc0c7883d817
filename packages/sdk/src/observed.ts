import type { SdkEnv } from './env-schema.ts'
import type { OpenRunInput } from './writer/protocol.ts'

/** What a run may record beside what is logged: its code, its machine and the machine's metrics, as the environment allows. */
export function observed(
  env: SdkEnv,
  { label }: { label?: string | undefined },
): Pick<OpenRunInput, 'code' | 'machine' | 'stats'> {
  const isTold = !env.KIROKU_DISABLE_MACHINE_INFO
  const isTracked = isTold && !env.KIROKU_DISABLE_CODE && !env.WANDB_DISABLE_CODE
  const isGitTracked = isTracked && !env.KIROKU_DISABLE_GIT
  return {
    code: {
      isTracked,
      isGitTracked,
      ignoreGlobs: env.KIROKU_IGNORE_GLOBS ?? env.WANDB_IGNORE_GLOBS ?? [],
      savePackages: env.KIROKU_SAVE_PACKAGES ?? true,
    },
    machine: { isTold },
    stats: env.KIROKU_DISABLE_STATS
      ? null
      : {
          sampleMs: env.KIROKU_STATS_SAMPLE_SECONDS * 1000,
          windowMs: env.KIROKU_STATS_WINDOW_SECONDS * 1000,
          diskPaths: env.KIROKU_STATS_DISK_PATHS ?? ['/'],
          gpuDeviceIds: env.KIROKU_STATS_GPU_DEVICE_IDS ?? null,
          processTree: env.KIROKU_STATS_PROCESS_TREE,
          usesCgroup: !env.KIROKU_STATS_NO_CGROUP,
          label: label ?? null,
        },
  }
}
