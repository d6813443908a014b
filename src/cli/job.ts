import type { ArrayHead } from '../api/array.ts';
import { UsageError } from '../domain/errors.ts';
import type { JobRun } from '../domain/store/runs.ts';
import type { Paper } from '../report/paper.ts';
import { type Ask, createAsker } from './asker.ts';
import { defineCommand } from './command.ts';
import { PROOF_SETTINGS } from './proof.ts';
import { formatLocalTime, paperOf } from './terminal.ts';

export const job = defineCommand({
  summary: 'Print a job: what it used of what it asked for, and what is worth changing',
  usage: ['job ID [--run NUMBER] [--json] [settings]'],
  examples: [
    ['job 4711', 'The latest run of a job'],
    ['job 4711_3 --run 1', 'The first run of a task that was requeued'],
    ['job 4700', 'All tasks of the array 4700 together'],
    ['job 4711 --json', 'For programs: job, summary and verdict as in the HTTP API'],
  ],
  settings: PROOF_SETTINGS,
  flags: {
    run: { takes: 'NUMBER', help: 'Number of the run, from 1; the latest if left out' },
    json: { help: 'Print JSON: a run as in GET /v1/jobs/{id}/runs, with findings and sizing' },
  },
  operands: ['ID'],
  async run({ config, env, flags, operands, print }) {
    const id = operands[0]!;
    const number = readRun(flags.get('run'));
    const ask = await createAsker(config);
    const found = await findRuns(id, ask);
    if ('array' in found) {
      print(await describeArray(found.array, flags.has('json'), paperOf(env, process.stdout)));
      return 0;
    }
    const { runs } = found;
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

/** Returns the runs of a job, or the array of that number: its tasks are jobs, and it is none itself. */
async function findRuns(id: string, ask: Ask): Promise<{ runs: JobRun[] } | { array: ArrayHead }> {
  try {
    const runs = await ask((client) => client.listRuns(id));
    const { arrayJobId, arrayTaskId } = runs[0]?.job.details ?? {};
    // Tasks that wait together are one job with the number of the array.
    if (arrayJobId !== id || arrayTaskId !== undefined) return { runs };
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const array = await ask((client) => client.getArray(id)).catch((cause) => {
      throw isNotFound(cause) ? error : cause;
    });
    return { array };
  }
  return { array: await ask((client) => client.getArray(id)) };
}

const isNotFound = (error: unknown): boolean =>
  error instanceof Error && (error.cause as { code?: string } | undefined)?.code === 'not_found';

async function describeArray(array: ArrayHead, isJson: boolean, paper: Paper): Promise<string> {
  if (isJson) return `${JSON.stringify(array)}\n`;
  const { readVerdict } = await import('../api/finding.ts');
  const { renderArrayText } = await import('../report/array-text.ts');
  return renderArrayText(array, readVerdict(array.findings), paper);
}

function readRun(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError('--run must be a number from 1 on.');
  return Number(text);
}
