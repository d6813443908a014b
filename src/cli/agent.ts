import { hostname } from 'node:os';
import { version } from '../../package.json';
import type { Round } from '../agent/round.ts';
import type { Sender } from '../agent/sender.ts';
import type { Spool } from '../agent/spool.ts';
import type { Config, SettingKey } from '../settings/table.ts';
import { defineCommand } from './command.ts';
import { createCommandLog } from './log.ts';
import { PROOF_SETTINGS } from './proof.ts';
import { listenForSignals } from './signals.ts';

const SETTINGS = [
  ...PROOF_SETTINGS,
  'intervalMs',
  'node',
  'spool',
  'agentSpool',
  'agentSpoolBytes',
  'agentListen',
  'logLevel',
  'logFormat',
] as const satisfies readonly SettingKey[];
type AgentConfig = Pick<Config, (typeof SETTINGS)[number]>;

export const agent = defineCommand({
  summary: 'Measure the jobs of this compute node and send their samples',
  usage: ['agent [settings]', 'agent --once --explain [settings]'],
  examples: [
    [
      'agent --once --explain',
      'Print what is found and read on this node, and whether the service is reached',
    ],
    ['agent --server http://head01:8080', 'Measure every 15 s, as root by MUNGE'],
    [
      'agent --server https://head01:8443 --token-file /etc/hpc-observe/token',
      'With a token of the role ingest',
    ],
  ],
  settings: SETTINGS,
  flags: {
    once: {
      help: 'Read the jobs, print what was found and what could not be read, and end; nothing is sent',
    },
    explain: { help: 'The same as --once' },
    root: {
      takes: 'FOLDER',
      help: 'Read /proc and /sys below this folder, and run only programs that are there',
    },
  },
  async run({ config, origins, flags, print }) {
    const node = config.node ?? hostname().split('.')[0]!;
    const root = flags.get('root') ?? '/';
    if (!flags.has('once') && !flags.has('explain')) return runAgent(config, node, root);
    const { explainAgent } = await import('./agent-once.ts');
    print(await explainAgent({ config, origins, node, root, version }));
    return 0;
  },
});

/** Sends to a service, or only serves the page of the node where there is one and no service is named. */
async function runAgent(config: AgentConfig, node: string, root: string): Promise<number> {
  const listener = config.agentListen;
  if (listener === null || config.server !== null) return run(config, node, root);
  const { runPull } = await import('./agent-pull.ts');
  return runPull({ config, node, root, listener });
}

/** Measures and sends until a signal comes. What is not sent by then stays in the spool. */
async function run(config: AgentConfig, node: string, root: string): Promise<number> {
  const [
    { createReader },
    { createClock },
    { openSpool },
    { startSender },
    { batchRounds },
    { startLoop, delayOf },
    { readAtMoments },
    { packSamples },
    { watchClock },
    { agentClient, isRefusal },
    { forwardHooks },
    { pathsUnder },
  ] = await Promise.all([
    import('../agent/reader.ts'),
    import('../agent/clock.ts'),
    import('../agent/spool.ts'),
    import('../agent/sender.ts'),
    import('../agent/batch.ts'),
    import('../agent/loop.ts'),
    import('../agent/moments.ts'),
    import('../client/pack.ts'),
    import('../agent/clock-difference.ts'),
    import('./agent-client.ts'),
    import('./agent-hooks.ts'),
    import('../agent/paths.ts'),
  ]);
  const signals = listenForSignals();
  const log = createCommandLog(config, Date.now);
  const warn = (event: string, fields: Record<string, unknown>) => log.warn(event, fields);
  const info = (event: string, fields: Record<string, unknown>) => log.info(event, fields);
  const debug = (event: string, fields: Record<string, unknown>) => log.debug(event, fields);
  const client = agentClient(config, { onAnswer: watchClock({ warn, info }) });
  const spool = openSpool({ folder: config.agentSpool, maxBytes: config.agentSpoolBytes });
  const sender = startSender({
    spool,
    send: client.sendBatch,
    isLasting: isRefusal,
    monotonicMs: () => performance.now(),
    random: Math.random,
    warn,
  });
  const { intervalMs, spool: hookSpool, agentSpool: folder } = config;
  const reader = createReader({
    node,
    root,
    hookSpool,
    intervalMs,
    version,
    folder,
    clock: createClock(),
    warn,
  });
  const delayMs = delayOf(node, intervalMs);
  const store = batchRounds({ pack: packSamples, spool, send: () => sender.wake(delayMs), node, warn });
  const page = await startPage(config, { spool, sender });
  const take = (round: Round) => {
    page?.show(round);
    store(round);
  };
  const moments = readAtMoments({ ...reader, take, warn });
  const loop = startLoop({ read: () => reader.read(), take, intervalMs, nowMs: () => Date.now(), warn });
  const hooks = forwardHooks({
    ...client,
    folder: pathsUnder(root).of(hookSpool),
    warn,
    debug,
  });
  log.info('measuring', {
    node,
    intervalMs,
    waiting: spool.state().batches,
    ...(page && { page: page.address }),
  });
  log.info('stopping', { signal: await signals.first });
  moments.stop();
  await Promise.all([loop.stop(), sender.stop(), hooks.stop(), page?.stop()]);
  return 0;
}

/** Serves the page of the node, if there is to be one. */
async function startPage(
  { agentListen: listener }: AgentConfig,
  { spool, sender }: { spool: Pick<Spool, 'state'>; sender: Pick<Sender, 'counts'> },
) {
  if (listener === null) return undefined;
  const { serveAgentPage } = await import('./agent-page.ts');
  const counts = () => {
    const { sent, failures, refused, refusedRows } = sender.counts();
    const { batches, bytes, dropped } = spool.state();
    return {
      ...{ sent, failures, refusedBatches: refused, refusedSamples: refusedRows },
      ...{ droppedBatches: dropped, waitingBatches: batches, waitingBytes: bytes },
    };
  };
  return serveAgentPage({ listener, counts, now: Date.now });
}
