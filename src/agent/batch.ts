import type { SentRow } from '../api/sample-row.ts';
import type { NodeReport } from '../domain/node-report.ts';
import type { Trouble } from './reading.ts';
import type { Round } from './round.ts';
import { sampleOf } from './sample.ts';
import type { Spool, SpoolState } from './spool.ts';

interface BatchOptions {
  /** Writes samples, and the report of the node, as they are stored and sent. */
  readonly pack: (
    samples: readonly (SentRow & { readonly timeMs: number })[],
    report?: NodeReport,
  ) => Uint8Array;
  readonly spool: Pick<Spool, 'add' | 'state'>;
  /** Called when the spool may have something to send. */
  readonly send: () => void;
  readonly node: string;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
}

/** Returns a function that stores the samples of a round as one batch, and tells what could not be read. */
export function batchRounds({ pack, spool, send, node, warn }: BatchOptions): (round: Round) => void {
  const tellTroubles = troubleNews(warn);
  let known = 0;

  function tellDropped({ dropped, bytes }: SpoolState): void {
    if (dropped > known)
      warn('batches_dropped', { dropped, bytes, message: 'The spool has no room for more.' });
    known = dropped;
  }

  return ({ readings, troubles, isWhole, report }) => {
    // Those of other jobs are not over between the rounds.
    if (isWhole) tellTroubles(troubles);
    const samples = readings.flatMap((reading) => {
      const sample = sampleOf(reading, node);
      return sample ? [{ ...sample, timeMs: reading.timeMs }] : [];
    });
    if (samples.length > 0 || report) spool.add(pack(samples, report));
    tellDropped(spool.state());
    send();
  };
}

/** Tells of each trouble once, until it is over. */
function troubleNews(warn: BatchOptions['warn']) {
  let known = new Set<string>();
  return (troubles: readonly Trouble[]): void => {
    for (const { collector, message } of troubles)
      if (!known.has(message)) warn('collector_incomplete', { collector, message });
    known = new Set(troubles.map(({ message }) => message));
  };
}
