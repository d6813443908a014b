import { createLog, type Log } from '../log.ts';
import { chooseLogFormat } from '../settings/load.ts';
import type { Config } from '../settings/table.ts';

/** Creates the log of a command that runs for long, on stderr. `now` is milliseconds since 1970. */
export const createCommandLog = (config: Pick<Config, 'logLevel' | 'logFormat'>, now: () => number): Log =>
  createLog({
    level: config.logLevel,
    format: chooseLogFormat(config),
    write: (line) => process.stderr.write(line),
    now,
  });
