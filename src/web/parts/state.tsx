import type { JobAnswer } from '../../api/job.ts';

const SIGNS: Record<JobAnswer['state'], string> = {
  pending: '◌',
  running: '▶',
  completed: '✓',
  failed: '✕',
  cancelled: '⊘',
};

/** Shows a state by shape, colour and word: what Slurm calls it, where that says more. */
export function State({ state, rawState }: { state: JobAnswer['state']; rawState?: string | undefined }) {
  const word = wordOf(state, rawState);
  return (
    <span class={`state state-${state}`} title={rawState ?? state}>
      <span aria-hidden="true">{SIGNS[state]}</span> {word}
    </span>
  );
}

/** Returns `timeout` for a failed job that Slurm calls TIMEOUT; else the state itself. */
export function wordOf(state: JobAnswer['state'], rawState: string | undefined): string {
  if (state !== 'failed' || !rawState) return state;
  const word = rawState.split(' ')[0]!.toLowerCase().replaceAll('_', ' ');
  return word === '' ? state : word;
}
