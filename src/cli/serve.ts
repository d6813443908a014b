import { readFileSync } from 'node:fs';
import { version } from '../../package.json';
import { startDemo } from '../demo/feed.ts';
import { drawBar, type ShowProgress, tellQuarters } from '../demo/progress.ts';
import type { Store } from '../domain/store/store.ts';
import type { Retention } from '../domain/store/upkeep.ts';
import { createApp } from '../http/app.ts';
import { createLog, type Log, type LogFormat } from '../log.ts';
import { groupRenderer } from '../metrics/groups.ts';
import { renderJobs } from '../metrics/jobs.ts';
import { serviceMetrics } from '../metrics/service.ts';
import { slurmMetrics } from '../metrics/slurm.ts';
import { renderThroughput } from '../metrics/throughput.ts';
import { listen } from '../service/listen.ts';
import { startRetention } from '../service/retention.ts';
import { findSlurm, reportTaker, type Sources, startSources } from '../service/slurm.ts';
import { type Config, chooseLogFormat, loadConfig } from '../settings/load.ts';
import { parseJobCompletion } from '../slurm/records/jobcomp.ts';
import { expandLists } from '../slurm/values/nodelist.ts';
import { openStore } from '../store/open.ts';

/** Requests in flight have this long to be answered after a signal; the rest of the 5 s is for the database. */
const DRAIN_MS = 3000;
/** A request may have arrived with the signal and not be read yet: `stop` would take its connection for an idle one. */
const SETTLE_MS = 100;

/** `hpc-observe serve`: builds the parts, hands them down, and runs until a signal comes (0) or the store fails for good (1). */
export async function serve(args: readonly string[]): Promise<number> {
  const { config } = loadConfig({ args, env: process.env, readFile: (path) => readFileSync(path, 'utf8') });
  const now = () => Date.now();
  const slurm = findSlurm(config.demo ? { ...config, slurm: 'off' } : config, process.env);
  const format = chooseLogFormat(config);
  const log = createLog({
    level: config.logLevel,
    format,
    write: (line) => process.stderr.write(line),
    now,
  });
  const isDebug = config.logLevel === 'debug';
  const stopped = nextSignal();
  let store: Store | undefined;
  const service = serviceMetrics({ version, storeStatus: () => store?.status() });
  /** Why it ends, unless a signal asked for it. */
  let death: Error | undefined;
  const died = Promise.withResolvers<void>();
  store = await openStore(config.database, {
    onCommit(commit) {
      service.observeCommit(commit);
      const { seconds, ...rest } = commit;
      if (isDebug) log.debug('commit', { ms: millisecondsOf(seconds), ...rest });
    },
    onExpire({ seconds, ...step }) {
      if (isDebug && step.changedRows > 0) log.debug('expire_step', { ms: millisecondsOf(seconds), ...step });
    },
    onNotice: ({ level, event, message }) => log[level](event, { message }),
    onDeath(cause) {
      death = cause;
      log.error('the store has failed; the service ends', { cause });
      died.resolve();
    },
  });
  let sources: Sources | undefined;
  const slurmFamilies = slurmMetrics({
    now,
    commandStates: () => sources?.commands.states(),
    spoolState: () => sources?.spool?.state(),
  });
  const takeReports = reportTaker({ store, log, observe: slurmFamilies.observeReports });
  try {
    const app = createApp({
      store,
      now,
      log,
      version,
      maxBodyBytes: config.maxBodyBytes,
      slurm: { takeReports, parseCompletion: parseJobCompletion, expandLists: (lists) => expandLists(lists) },
      metrics: {
        render: groupRenderer(
          [
            {
              name: 'jobs',
              render: () =>
                renderJobs(store!, {
                  nowMs: now(),
                  endedSeriesMs: config.endedSeriesMs,
                  maxSeries: config.metricsMaxSeries,
                }),
            },
            { name: 'flow', render: async () => renderThroughput(await store!.countThroughput()) },
            { name: 'slurm', render: () => slurmFamilies.registry.metrics() },
            { name: 'process', render: () => service.process.metrics() },
            { name: 'service', render: () => service.registry.metrics() },
          ],
          { registry: service.registry, now, log },
        ),
        observeRequest: (method, route, status, seconds) => {
          service.observeRequest(method, route, status, seconds);
          if (isDebug) log.debug('request', { method, route, status, ms: millisecondsOf(seconds) });
        },
      },
    });
    const server = listen(app, config.host, config.port);
    announce(server.url, config, slurm.state, format);
    sources = startSources({
      store,
      now,
      log,
      takeReports,
      slurm,
      intervalMs: config.slurmIntervalMs,
      spool: config.spool,
    });
    const retention = startRetention({ store, now, log, keep: keepOf(config) });
    const demo = config.demo
      ? startDemo({ store, now, log, showProgress: showFilling(log, format) })
      : undefined;
    await Promise.race([stopped.then((signal) => log.info('stopping', { signal })), died.promise]);
    retention.stop();
    await Promise.race([Promise.all([demo?.stop(), sources.stop()]), Bun.sleep(DRAIN_MS)]);
    await Bun.sleep(SETTLE_MS);
    await Promise.race([server.stop(), Bun.sleep(DRAIN_MS)]);
    await server.stop(true);
  } finally {
    await store.close();
  }
  log.info('stopped');
  return death ? 1 : 0;
}

/** To the microsecond. */
const millisecondsOf = (seconds: number): number => Math.round(seconds * 1e6) / 1000;

/** On stdout whatever is logged: where it listens. Text for a person, or an event as the log writes it. */
function announce(url: URL, { database, demo }: Config, slurm: string, format: LogFormat): void {
  const write = (text: string) => void process.stdout.write(text);
  if (format === 'json') {
    const fields = { version, url: url.href, database, ...(demo && { demo }), slurm };
    createLog({ level: 'info', format, write, now: Date.now }).info('serving', fields);
    return;
  }
  write(
    `hpc-observe ${version} serves ${demo ? 'a made-up cluster in ' : ''}${database}\n` +
      `  API            ${url}v1\n` +
      `  Documentation  ${url}swagger\n` +
      `  Metrics        ${url}metrics\n` +
      `  Slurm          ${slurm}\n`,
  );
}

function showFilling(log: Log, format: LogFormat): ShowProgress {
  const write = (text: string) => void process.stderr.write(text);
  if (format === 'json') return tellQuarters((percent) => log.info('making up the past', { percent }));
  if (process.stderr.isTTY) return drawBar(write);
  return tellQuarters((percent) => write(`making up the past ${percent} %\n`));
}

function keepOf({ sampleRetentionMs, summaryRetentionMs, jobRetentionMs }: Config): Retention {
  return {
    ...(sampleRetentionMs !== undefined && { sampleMs: sampleRetentionMs }),
    ...(summaryRetentionMs !== undefined && { summaryMs: summaryRetentionMs }),
    ...(jobRetentionMs !== undefined && { jobMs: jobRetentionMs }),
  };
}

/** Signals that end a process unless it listens to them: a terminal that is closed, or a habit of logrotate. */
const IGNORED_SIGNALS = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** Resolves with the first signal that asks to stop; a second one ends the process at once. Others change nothing. */
function nextSignal(): Promise<string> {
  for (const signal of IGNORED_SIGNALS) process.on(signal, () => {});
  return new Promise((resolve) => {
    let isFirst = true;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (!isFirst) process.exit(130);
        isFirst = false;
        resolve(signal);
      });
    }
  });
}
