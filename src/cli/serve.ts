import { version } from '../../package.json';
import { hasPassword, withoutPassword } from '../domain/database-address.ts';
import { createLog } from '../log.ts';
import type { Service } from '../service/serve.ts';
import { chooseLogFormat } from '../settings/load.ts';
import { SERVICE_KEYS, type ServiceConfig } from '../settings/table.ts';
import { defineCommand } from './command.ts';
import { createCommandLog } from './log.ts';
import { listenForSignals } from './signals.ts';

/** As a shell reports a process that SIGINT ended. */
const INTERRUPTED = 130;

export const serve = defineCommand({
  summary: 'Run the HTTP API and /metrics',
  usage: ['serve [settings]'],
  examples: [
    ['serve --demo', 'Show a made-up cluster'],
    ['serve --host 0.0.0.0 --database /var/lib/hpc-observe/hpc-observe.db', 'Serve other machines too'],
    ['serve --config /etc/hpc-observe.toml --log-level debug', 'Log each request, commit and Slurm command'],
  ],
  settings: SERVICE_KEYS,
  run: ({ config, origins, env }) => {
    const places = { database: config.database, 'database-reads': config.databaseReads ?? '' };
    const isVisible = Object.entries(places).some(
      ([name, place]) => origins.get(name)!.origin.startsWith(`--${name}`) && hasPassword(place),
    );
    return run(config, env, isVisible);
  },
});

/** Serves until a signal comes (0, or 130 if a second one comes) or the store fails for good (1). */
async function run(
  config: ServiceConfig,
  env: Readonly<Record<string, string | undefined>>,
  isPasswordVisible: boolean,
): Promise<number> {
  // Imported here: the help of this command does not need the server.
  const { startService } = await import('../service/serve.ts');
  const now = () => Date.now();
  const signals = listenForSignals();
  const log = createCommandLog(config, now);
  if (isPasswordVisible) {
    const message =
      'Other users see the password of --database in the list of processes. Put it into a file for --database-password-file.';
    log.warn('database_password_visible', { message });
  }
  const service = await startService({ config, env, log, now });
  // Reads the files of TLS again.
  process.on('SIGHUP', service.reload);
  announce(service, config);
  const signal = await Promise.race([signals.first, service.died]);
  if (signal !== undefined) log.info('stopping', { signal });
  const isInterrupted = await Promise.race([
    service.stop().then(() => false),
    signals.second.then(() => true),
  ]);
  if (isInterrupted) return INTERRUPTED;
  log.info('stopped');
  return signal === undefined ? 1 : 0;
}

const DUTIES: Record<NonNullable<Service['duty']>, string> = {
  writer: 'writer: stores what arrives',
  reader: 'reader: another service writes; this one takes over when that one is gone',
};

/**
 * Writes to stdout, whatever the log level, where the service listens and who may do what: text for a person,
 * or an event as the log writes it.
 */
function announce({ places, duty, access, munge, slurm }: Service, config: ServiceConfig): void {
  const { demo } = config;
  const database = withoutPassword(config.database);
  const write = (text: string) => void process.stdout.write(text);
  const format = chooseLogFormat(config);
  const url = places.find((place) => !place.startsWith('unix:')) ?? places[0]!;
  const others = places.filter((place) => place !== url);
  if (format === 'json') {
    const fields = { version, url, others, database, duty, ...(demo && { demo }), access, munge, slurm };
    createLog({ level: 'info', format, write, now: Date.now }).info('serving', fields);
    return;
  }
  const under = (path: string) => (url.startsWith('unix:') ? `/${path} on ${url}` : `${url}${path}`);
  write(
    `hpc-observe ${version} serves ${demo ? 'a made-up cluster in ' : ''}${database}\n` +
      `  Pages          ${under('')}\n` +
      `  API            ${under('v1')}\n` +
      `  Documentation  ${under('swagger')}\n` +
      `  Metrics        ${under('metrics')}\n` +
      (others.length > 0 ? `  Also on        ${others.join(', ')}\n` : '') +
      (duty ? `  Duty           ${DUTIES[duty]}\n` : '') +
      `  Access         ${access}\n` +
      `  MUNGE          ${munge}\n` +
      `  Slurm          ${slurm}\n`,
  );
}
