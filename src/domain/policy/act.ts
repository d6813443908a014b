import type { Match } from './match.ts';

/**
 * `rehearsed`: the command line does not allow it; `begun`: recorded, and about to be done; `done`; `failed`:
 * Slurm refused, and it is tried again; `void`: the run had ended, or was another one, by then.
 */
export const ACT_STATES = ['rehearsed', 'begun', 'done', 'failed', 'void'] as const;
export type ActState = (typeof ACT_STATES)[number];

/** A job that a policy cancels, with its evidence. */
export interface Act {
  readonly policy: string;
  readonly match: Match;
}

/** An act as it is stored: the latest of its job. */
export interface StoredAct extends Act {
  readonly timeMs: number;
  readonly state: ActState;
  /** Why it failed, or was void. */
  readonly error?: string;
}

/** What the audit record and the log have of an act: the figures, and the time that they are of. */
export const evidenceOf = ({ match: { reasons, findings, figures, fromMs, toMs } }: Act): string =>
  JSON.stringify({
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    reasons,
    findings: findings.map(({ kind }) => kind),
    figures,
  });
