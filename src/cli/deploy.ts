import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import alerts from '../../deploy/alerts.yml' with { type: 'text' };
import unit from '../../deploy/hpc-observe.service' with { type: 'text' };
import agentUnit from '../../deploy/hpc-observe-agent.service' with { type: 'text' };
import mail from '../../deploy/hpc-observe-mail.sh' with { type: 'text' };
import card from '../../deploy/ondemand/_hpc_observe.html.erb' with { type: 'text' };
import policies from '../../deploy/policies.toml' with { type: 'text' };
import prometheus from '../../deploy/prometheus.yml' with { type: 'text' };
import readme from '../../deploy/README.md' with { type: 'text' };
import slurmConf from '../../deploy/slurm.conf' with { type: 'text' };
import { OperatorError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';
import { defineCommand } from './command.ts';

/** The files of deploy/, which the build puts into the executable. */
const FILES: Readonly<Record<string, string>> = {
  'README.md': readme,
  'hpc-observe.service': unit,
  'hpc-observe-agent.service': agentUnit,
  'prometheus.yml': prometheus,
  'alerts.yml': alerts,
  'hpc-observe-mail.sh': mail,
  'policies.toml': policies,
  'slurm.conf': slurmConf,
  'ondemand/_hpc_observe.html.erb': card,
};

export const deploy = defineCommand({
  summary:
    'Write the systemd units, the scrape configuration, alerts and the lines of slurm.conf to a folder',
  usage: ['deploy FOLDER'],
  examples: [['deploy /root/hpc-observe', 'Write the files; its README.md says where each one goes']],
  settings: [],
  operands: ['FOLDER'],
  async run({ operands, print }) {
    const folder = resolve(operands[0]!);
    try {
      writeFiles(folder);
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      throw new OperatorError(`The files cannot be written to ${folder}: ${explainSystemError(error)}.`, {
        cause: error,
      });
    }
    print(`${Object.keys(FILES).join(', ')} are in ${folder}. README.md says where each one goes.\n`);
    return 0;
  },
});

/** Writes all files or none: a file that was edited is not overwritten. */
function writeFiles(folder: string): void {
  const changed = Object.entries(FILES).find(([name, text]) => {
    const path = join(folder, name);
    return existsSync(path) && readFileSync(path, 'utf8') !== text;
  });
  if (changed) {
    const path = join(folder, changed[0]);
    throw new OperatorError(`${path} exists and differs. Move it away, or choose another folder.`);
  }
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
