import { startProgress } from '../cli/progress.ts';
import { type Demo, startDemo } from '../demo/feed.ts';
import { reportQuarters, type ShowProgress } from '../demo/progress.ts';
import type { Store } from '../domain/store/store.ts';
import type { Log, LogFormat } from '../log.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

const STOP_MS = 2000;

interface DemoOptions {
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly logFormat: LogFormat;
  readonly metrics: Pick<Metrics, 'watchLoop'>;
}

/** The feed of the made-up cluster of --demo. */
export function demoPart({ store, now, log, logFormat, metrics }: DemoOptions): Part<Demo> {
  return {
    name: 'demo',
    stopWithinMs: STOP_MS,
    start() {
      const demo = startDemo({ store, now, log, showProgress: showFilling(log, logFormat) });
      metrics.watchLoop('demo', demo.state);
      return demo;
    },
    stop: (demo) => demo.stop(),
  };
}

function showFilling(log: Log, format: LogFormat): ShowProgress {
  const write = (text: string) => void process.stderr.write(text);
  if (format === 'json') return reportQuarters((percent) => log.info('demo_filling', { percent }));
  if (!process.stderr.isTTY) return reportQuarters((percent) => write(`making up the past ${percent} %\n`));
  const bar = startProgress('making up the past', { write, isTerminal: true });
  return (done) => (done < 1 ? bar.show(done) : bar.clear());
}
