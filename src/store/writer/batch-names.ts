/** Samples whose names are cached: about 4 MB. */
const MAX_SAMPLES = 40_000;
/** Smaller batches are split each time: caching them would cost more memory than it saves time. */
const MIN_SAMPLES = 50;

/** The jobs and nodes of the samples of a batch, one each. Batches with equal names share one object. */
export interface BatchNames {
  readonly jobs: readonly string[];
  /** '' where a sample names no node. */
  readonly nodes: readonly string[];
}

/**
 * Returns a function that splits the names of a batch, joined by "\n",
 * and caches them: a sender usually names the same jobs in the same order
 * in each batch. Finding one long text costs a hundredth of splitting it.
 */
export function batchNameReader(): (jobs: string, nodes: string) => BatchNames {
  const known = new Map<string, BatchNames>();
  let samples = 0;

  function makeRoom(): void {
    for (const [key, names] of known) {
      if (samples <= MAX_SAMPLES) return;
      known.delete(key);
      samples -= names.jobs.length;
    }
  }

  return (jobs, nodes) => {
    const key = `${jobs}\n\n${nodes}`;
    const names = known.get(key) ?? { jobs: jobs.split('\n'), nodes: nodes.split('\n') };
    if (names.jobs.length < MIN_SAMPLES) return names;
    // The map is in order of use: what was used last moves to the end.
    if (!known.delete(key)) samples += names.jobs.length;
    known.set(key, names);
    makeRoom();
    return names;
  };
}
