/** What is remembered of a job to tell whether it is another run when it comes again; plain JSON. */
export interface KnownRun {
  /** When Prolog ran on this node, by the file that it keeps: once in each run. */
  prologMs?: number;
  /** It had a step that lasts as long as the run. */
  isLasting?: boolean;
  /** Its directories were gone when the agent looked last. */
  isGone?: boolean;
}

export interface SeenRun {
  readonly prologMs?: number | undefined;
  /** Whether it has a step that lasts as long as the run; asked until it had one. */
  readonly hasLastingStep: () => boolean;
}

/** Jobs that are remembered after they were gone: a node of a job may have no step for hours. */
const MAX_GONE = 1000;

/**
 * Decides which counters go on. A job that is requeued comes again under its id, and counts from 0; but Slurm
 * also deletes the directory of a job at the end of a step and makes it again for the next, and then they go
 * on. Prolog runs once in each run. Without its files, a directory that had `step_batch` or `step_extern`,
 * which last as long as the run, is of another run when it comes again.
 */
export interface Runs {
  /** Calls `onEnd` first if the job is another run than before. */
  see(key: string, seen: SeenRun): void;
  /** Says that no directory of other jobs is there. */
  keep(keys: ReadonlySet<string>): void;
  gone(key: string): void;
  save(): Record<string, KnownRun>;
}

interface RunsOptions {
  /** Called for a run whose counters are of no more use. */
  readonly onEnd: (key: string) => void;
  readonly saved?: Readonly<Record<string, KnownRun>>;
}

export function createRuns({ onEnd, saved = {} }: RunsOptions): Runs {
  const here = new Map<string, KnownRun>();
  /** In the order in which they went. */
  const left = new Map<string, KnownRun>();
  for (const [key, run] of Object.entries(saved)) (run.isGone ? left : here).set(key, { ...run });

  function gone(key: string): void {
    const run = here.get(key);
    if (run === undefined) return;
    here.delete(key);
    left.set(key, { ...run, isGone: true });
    if (left.size <= MAX_GONE) return;
    const [oldest] = left.keys();
    left.delete(oldest!);
    onEnd(oldest!);
  }

  return {
    see(key, { prologMs, hasLastingStep }) {
      const known = here.get(key) ?? left.get(key);
      left.delete(key);
      const isOther =
        known !== undefined &&
        (prologMs !== undefined && known.prologMs !== undefined
          ? prologMs !== known.prologMs
          : known.isGone === true && known.isLasting === true);
      if (isOther) onEnd(key);
      const before = isOther ? undefined : known;
      const since = prologMs ?? before?.prologMs;
      here.set(key, {
        ...(since !== undefined && { prologMs: since }),
        ...((before?.isLasting || hasLastingStep()) && { isLasting: true }),
      });
    },
    keep(keys) {
      for (const key of here.keys()) if (!keys.has(key)) gone(key);
    },
    gone,
    save: () => Object.fromEntries([...here, ...left]),
  };
}
