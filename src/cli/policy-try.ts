import { MAX_TRIAL_SECONDS, type TrialAnswer } from '../api/policy.ts';
import { UsageError } from '../domain/errors.ts';
import { formatCount } from '../domain/figures.ts';
import { parseDuration } from '../domain/time.ts';
import { harmless, wrap } from '../report/paper.ts';
import { readPolicies } from '../settings/policies/read.ts';
import { createAsker } from './asker.ts';
import { defineCommand } from './command.ts';
import { readPolicyFile } from './policy-file.ts';
import { PROOF_SETTINGS } from './proof.ts';

const WIDTH = 100;
/** The service gives up looking at more jobs before that. */
const TIMEOUT_MS = 60_000;

export const policyTry = defineCommand({
  summary: 'Show whom the policies of a file would have reached, and why; nothing is sent or cancelled',
  usage: ['policy try FILE [--since TIME] [--json] [settings]'],
  examples: [
    ['policy try policies.toml --since 7d', 'With the jobs of the last week, as an administrator'],
    ['policy try policies.toml --json', 'For programs: the answer of POST /v1/policies/try'],
  ],
  settings: PROOF_SETTINGS,
  flags: {
    since: { takes: 'TIME', help: 'How far back jobs are looked at, such as 24h or 7d; 7d if left out' },
    json: { help: 'Print JSON' },
  },
  operands: ['FILE'],
  async run({ config, flags, operands, print }) {
    const name = operands[0]!;
    const text = readPolicyFile(name);
    const read = readPolicies(name, text);
    if ('faults' in read) {
      process.stderr.write(read.faults.map((fault) => `${fault}\n`).join(''));
      return 1;
    }
    const since = readSince(flags.get('since'));
    const ask = await createAsker(config);
    const trial = await ask((client) =>
      client.tryPolicies({ name, text, since_seconds: since }, { timeoutMs: TIMEOUT_MS }),
    );
    print(flags.has('json') ? `${JSON.stringify(trial)}\n` : renderTrialText(trial));
    return 0;
  },
});

function readSince(text = '7d'): number {
  const seconds = (parseDuration(text) ?? 0) / 1000;
  if (seconds >= 3600 && seconds <= MAX_TRIAL_SECONDS) return Math.round(seconds);
  throw new UsageError('--since must be a time from 1h to 90d, such as 7d.');
}

/** Renders a trial: each policy with whom it tells, and the jobs with their reasons. */
export function renderTrialText({ policies, partial }: TrialAnswer): string {
  const parts = policies.map(({ policy, cancels, notices }) => {
    if (notices.length === 0) return `${harmless(policy)}: nobody\n`;
    const own = cancels ? ' and cancels what it names' : '';
    const lines = notices.flatMap(({ audience, name, parts }) => [
      `  ${audience === 'administrators' ? 'the administrators' : `${audience === 'user' ? 'user' : 'coordinator'} ${harmless(name)}`}\n`,
      ...parts.flatMap(({ title, lines, jobs, more_jobs }) => [
        ...(audience === 'user' ? [] : [`    ${harmless(title)}\n`]),
        ...lines.map((line) => wrap(harmless(line), WIDTH, '    ')),
        ...jobs.map((job) =>
          wrap(
            `job ${harmless(`${job.job_id} ${job.name ?? ''}`).trim()}: ${harmless(job.text)}`,
            WIDTH,
            '    ',
          ),
        ),
        ...(more_jobs > 0 ? [`    and ${formatCount(more_jobs, 'more job')}\n`] : []),
      ]),
    ]);
    return `${harmless(policy)}: tells ${formatCount(notices.length, 'recipient')}${own}\n${lines.join('')}`;
  });
  const end = partial ? '\nThere was no time for all jobs: only the newest were looked at.\n' : '';
  return parts.join('') + end;
}
