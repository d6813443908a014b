import { version } from '../../package.json';
import { createClock } from '../agent/clock.ts';
import { startLoop } from '../agent/loop.ts';
import { createReader } from '../agent/reader.ts';
import type { TcpListener } from '../settings/listener.ts';
import type { Config } from '../settings/table.ts';
import { serveAgentPage } from './agent-page.ts';
import { createCommandLog } from './log.ts';
import { listenForSignals } from './signals.ts';

interface PullOptions {
  readonly config: Pick<Config, 'intervalMs' | 'spool' | 'logLevel' | 'logFormat'>;
  readonly node: string;
  readonly root: string;
  readonly listener: TcpListener;
}

/** Serves what is read on this node until a signal comes; nothing is sent, and nothing written. */
export async function runPull({ config, node, root, listener }: PullOptions): Promise<number> {
  const signals = listenForSignals();
  const log = createCommandLog(config, Date.now);
  const warn = (event: string, fields: Record<string, unknown>) => log.warn(event, fields);
  const page = serveAgentPage({ listener, now: Date.now });
  const { intervalMs, spool: hookSpool } = config;
  const reader = createReader({ node, root, hookSpool, intervalMs, version, clock: createClock(), warn });
  const loop = startLoop({
    read: () => reader.read(),
    take: page.show,
    intervalMs,
    nowMs: Date.now,
    warn,
  });
  log.info('measuring', { node, intervalMs, page: page.address });
  log.info('stopping', { signal: await signals.first });
  await Promise.all([loop.stop(), page.stop()]);
  return 0;
}
