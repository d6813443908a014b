import { readFileSync } from 'node:fs';
import { findSlurm } from '../service/slurm.ts';
import { type Config, chooseLogFormat, loadConfig } from '../settings/load.ts';

/** `hpc-observe config`: what is in force and where each value came from, as a file that --config takes. */
export function showConfig(args: readonly string[], write: (text: string) => void): void {
  const { config, origins } = loadConfig({
    args,
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
  });
  const meanings = explainAuto(config);
  const rows = [...origins].map(([name, { text, origin }]) => [
    `${name.replaceAll('-', '_')} = ${toToml(text)}`,
    text === 'auto' && meanings[name] ? `${origin}; here: ${meanings[name]}` : origin,
  ]);
  const width = Math.max(...rows.map(([line]) => line!.length));
  for (const [line, origin] of rows) write(`${line!.padEnd(width)}  # ${origin}\n`);
}

/** What `auto` of a setting means on this machine, at present. */
const explainAuto = (config: Config): Record<string, string> => ({
  slurm: findSlurm({ slurm: 'auto', slurmBin: config.slurmBin }, process.env).state,
  'log-format': `${chooseLogFormat(config)} on this terminal or pipe`,
});

/** Numbers and switches stand as they are; everything else is quoted as TOML and JSON both quote. */
const toToml = (text: string) => (/^(\d+|true|false)$/.test(text) ? text : JSON.stringify(text));
