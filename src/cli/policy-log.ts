import type { PoliciesAnswer } from '../api/policy.ts';
import { UsageError } from '../domain/errors.ts';
import { drawTable, harmless } from '../report/paper.ts';
import { createAsker } from './asker.ts';
import { defineCommand } from './command.ts';
import { PROOF_SETTINGS } from './proof.ts';
import { formatLocalTime } from './terminal.ts';

const MAX_ROWS = 1000;

export const policyLog = defineCommand({
  summary: 'List what policies told whom, and which jobs they cancelled',
  usage: ['policy log [--limit NUMBER] [--json] [settings]'],
  examples: [['policy log --limit 20', 'The latest notices and acts, as an administrator']],
  settings: PROOF_SETTINGS,
  flags: {
    limit: { takes: 'NUMBER', help: 'Most notices and acts; 50 if left out' },
    json: { help: 'Print JSON: the answer of GET /v1/policies' },
  },
  async run({ config, flags, print }) {
    const limit = readLimit(flags.get('limit'));
    const ask = await createAsker(config);
    const answer = await ask((client) => client.listPolicies(limit));
    print(flags.has('json') ? `${JSON.stringify(answer)}\n` : renderPolicyLog(answer));
    return 0;
  },
});

function readLimit(text = '50'): number {
  const limit = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_ROWS) return limit;
  throw new UsageError(`--limit must be a number from 1 to ${MAX_ROWS}.`);
}

/** Renders notices and acts as two tables, newest first. */
export function renderPolicyLog({ policies, notices, acts }: PoliciesAnswer): string {
  if (policies.length === 0 && notices.length === 0)
    return 'The service has no policies; see serve --policies.\n';
  const told = notices.map(({ time, policy, audience, name, subject, deliveries }) => [
    formatLocalTime(Date.parse(time)),
    harmless(policy),
    harmless(name || audience),
    deliveries.length === 0
      ? 'on the page'
      : deliveries
          .map(({ way, state, error }) => `${way} ${state}${error ? ` (${harmless(error)})` : ''}`)
          .join(', '),
    harmless(subject),
  ]);
  const done = acts.map(({ time, policy, job_id, user, state, why, error }) => [
    formatLocalTime(Date.parse(time)),
    harmless(policy),
    harmless(`job ${job_id} of ${user}`),
    error ? `${state} (${harmless(error)})` : state,
    harmless(why.join(', ')),
  ]);
  const table = (title: string, rows: readonly (readonly string[])[]) =>
    rows.length === 0
      ? `${title}: none\n`
      : `${title}\n${drawTable(rows, ['left', 'left', 'left', 'left', 'left'])}`;
  return `${table('Notices', told)}\n${table('Acts', done)}`;
}
