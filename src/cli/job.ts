import { UsageError } from '../domain/errors.ts';
import { createAsker } from './asker.ts';
import { defineCommand } from './command.ts';
import { PROOF_SETTINGS } from './proof.ts';
import { formatLocalTime, paperOf } from './terminal.ts';

export const job = defineCommand({
  summary: 'Print a job: what it used of what it asked for, and what is worth changing',
  usage: ['job ID [--run NUMBER] [--json] [settings]'],
  examples: [
    ['job 4711', 'The latest run of a job'],
    ['job 4711_3 --run 1', 'The first run of a task that was requeued'],
    ['job 4711 --json', 'For programs: job, summary and verdict as in the HTTP API'],
  ],
  settings: PROOF_SETTINGS,
  flags: {
    run: { takes: 'NUMBER', help: 'Number of the run, from 1; the latest if left out' },
    json: { help: 'Print JSON' },
  },
  operands: ['ID'],
  async run({ config, env, flags, operands, print }) {
    const id = operands[0]!;
    const number = readRun(flags.get('run'));
    const ask = await createAsker(config);
    const runs = await ask((client) => client.listRuns(id));
    const shown = number === undefined ? runs[0] : runs.find(({ run }) => run === number);
    if (!shown) throw new UsageError(`Job ${id} has no run ${number}; its runs are 1 to ${runs.length}.`);
    const verdict = await ask((client) => client.judgeRun(id, number));
    const sizing = await ask((client) => client.sizeRun(id, number));
    if (flags.has('json')) {
      const { renderRunReport } = await import('../api/run-report.ts');
      print(`${JSON.stringify(renderRunReport(shown, verdict, sizing))}\n`);
      return 0;
    }
    const { renderJobText } = await import('../report/job-text.ts');
    const report = { job: shown.job, summary: shown.summary, verdict, sizing };
    print(
      renderJobText(
        { ...report, run: { number: shown.run, of: runs.length } },
        {
          paper: paperOf(env, process.stdout),
          nowMs: Date.now(),
          formatTime: formatLocalTime,
        },
      ),
    );
    return 0;
  },
});

function readRun(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError('--run must be a number from 1 on.');
  return Number(text);
}
