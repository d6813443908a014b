import { chooseLogFormat, HIDDEN } from '../settings/load.ts';
import { keyOf } from '../settings/setting.ts';
import type { Given } from '../settings/sources.ts';
import { SERVICE_KEYS, type ServiceConfig } from '../settings/table.ts';
import { defineCommand, type Input } from './command.ts';

export const config = defineCommand({
  summary: 'Print the settings in effect and where each came from',
  usage: ['config [settings]'],
  examples: [
    ['config', 'The settings of serve in this environment'],
    ['config > hpc-observe.toml', 'The same as a file for --config'],
  ],
  settings: SERVICE_KEYS,
  async run(input) {
    input.print(await describeConfig(input));
    return 0;
  },
});

/** Renders the settings as a file that --config accepts, with the origin of each as a comment. */
async function describeConfig({
  config,
  origins,
  env,
}: Pick<Input<keyof ServiceConfig>, 'config' | 'origins' | 'env'>): Promise<string> {
  const meanings = await explainAuto(config, env);
  const rows = [...origins].map(([name, given]) => [
    describeValue(name, given),
    describeOrigin(given, meanings[name]),
  ]);
  const width = Math.max(...rows.map(([line]) => line!.length));
  return rows.map(([line, origin]) => `${line!.padEnd(width)}  # ${origin}\n`).join('');
}

/** One line of TOML. The value of a secret is not shown, so its line is a comment. */
export const describeValue = (name: string, { text }: Given): string =>
  text === HIDDEN ? `# ${keyOf(name)} is secret` : `${keyOf(name)} = ${toToml(text)}`;

const describeOrigin = ({ text, origin }: Given, meaning: string | undefined): string =>
  text === 'auto' && meaning !== undefined ? `${origin}; here: ${meaning}` : origin;

/** What `auto` of a setting means on this machine at present. */
async function explainAuto(config: ServiceConfig, env: Input<never>['env']): Promise<Record<string, string>> {
  // Imported here, so that the help does not load what follows Slurm.
  const { findSlurm } = await import('../service/slurm.ts');
  return {
    slurm: findSlurm({ slurm: 'auto', slurmBin: config.slurmBin }, env).state,
    'log-format': `${chooseLogFormat(config)} on this terminal or pipe`,
  };
}

/** Numbers and switches are written as they are; everything else is quoted, which TOML and JSON do alike. */
const toToml = (text: string) => (/^(\d+|true|false)$/.test(text) ? text : JSON.stringify(text));
