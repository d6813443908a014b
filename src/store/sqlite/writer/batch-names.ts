/** Names are kept of so many samples: about 4 MB. */
const MAX_SAMPLES = 40_000;
/** Smaller batches are split each time: to keep them would cost more memory than it saves time. */
const MIN_SAMPLES = 50;

/** What the samples of a batch are of, one each. Of batches that name the same in the same order it is the same object. */
export interface BatchNames {
  readonly jobs: readonly string[];
  /** '' where a sample names none. */
  readonly nodes: readonly string[];
}

/**
 * Splits the names of batches, and remembers them: who sends batches sends the samples of the same jobs in the same order again
 * and again. To look one long text up costs a hundredth of what it costs to split it and to look up all its names.
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
    // Those that were used last come last, and go last.
    if (!known.delete(key)) samples += names.jobs.length;
    known.set(key, names);
    makeRoom();
    return names;
  };
}
