import type { FreeGpus } from './free-gpus.ts';
import type { NodeNow } from './node-now.ts';

/** All nodes of the cluster at one moment. */
export interface ClusterNodes {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** When the scheduler was asked for its nodes; absent if it does not tell. */
  readonly schedulerTimeMs?: number;
  /** In the order of their names. */
  readonly nodes: readonly NodeNow[];
  readonly freeGpus: readonly FreeGpus[];
}

/** Gives the nodes as of up to 30 seconds ago, or 5 if they must be fresh; rejects with `unavailable`. */
export type ReadClusterNodes = (asked?: { readonly mustBeFresh: boolean }) => Promise<ClusterNodes>;
