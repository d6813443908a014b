import { formatSeconds } from '../domain/figures.ts';
import { describeCondition } from '../domain/policy/condition.ts';
import type { Policy } from '../domain/policy/policy.ts';
import { drawTable, harmless } from '../report/paper.ts';
import { readPolicies } from '../settings/policies/read.ts';
import { defineCommand } from './command.ts';
import { readPolicyFile } from './policy-file.ts';

export const policyCheck = defineCommand({
  summary: 'Check a file of policies, and print what each says',
  usage: ['policy check FILE'],
  examples: [['policy check /etc/hpc-observe/policies.toml', 'Exit code 1 if something is wrong']],
  settings: [],
  operands: ['FILE'],
  async run({ operands, print }) {
    const path = operands[0]!;
    const read = readPolicies(path, readPolicyFile(path));
    if ('faults' in read) {
      process.stderr.write(read.faults.map((fault) => `${fault}\n`).join(''));
      return 1;
    }
    const { policies, digest } = read.file;
    print(drawTable(policies.map(rowOf), ['left', 'left', 'left', 'left']));
    if (digest) print(`digest  every week, to ${digest.tell.join(', ')} by ${digest.by.join(', ')}\n`);
    print(`${path} is right.\n`);
    return 0;
  },
});

function rowOf({ name, looksAt, windowMs, findings, job, total, tell, by, act }: Policy): string[] {
  const totals = total.map((condition) => `total.${describeCondition(condition)}`);
  const conditions = [...findings, ...job.map(describeCondition), ...totals].join(', ');
  const told = tell.length === 0 ? 'tells nobody' : `tells ${tell.join(', ')} by ${by.join(', ')}`;
  return [
    harmless(name),
    `${looksAt}, ${formatSeconds(windowMs / 1000)}`,
    act ? `${told}; cancels` : told,
    harmless(conditions),
  ];
}
