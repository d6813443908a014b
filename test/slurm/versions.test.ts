import { describe, expect, test } from 'bun:test';
import { createRandom } from '../../src/demo/random.ts';
import { applyReport } from '../../src/domain/match.ts';
import type { Report } from '../../src/domain/report.ts';
import type { Run } from '../../src/domain/run.ts';
import { readEvent } from '../../src/slurm/hooks/event.ts';
import { parseJobCompletion } from '../../src/slurm/records/jobcomp.ts';
import { createSacctReader } from '../../src/slurm/records/sacct.ts';
import { createSqueueReader } from '../../src/slurm/records/squeue.ts';
import { squeueColumns } from '../../src/slurm/records/squeue-arguments.ts';
import { readFixture, SEPARATOR } from './fixture.ts';
import { fixtureFile } from './hook-file.ts';

/** Reads the reports of each recorded source of a version. */
function readVersion(version: string, columns: readonly string[], observedMs: number) {
  const queue = createSqueueReader(columns, SEPARATOR, observedMs);
  const squeue = queue.read(readFixture(`${version}/squeue.txt`));
  const accounting = createSacctReader(observedMs, { separator: SEPARATOR });
  const sacct = accounting.read(readFixture(`${version}/sacct.txt`));
  expect([queue.unreadable.examples, accounting.unreadable.examples]).toEqual([[], []]);
  const documents: unknown[] = JSON.parse(readFixture(`${version}/jobcomp.json`));
  const jobcomp = documents.map(parseJobCompletion).filter((report) => report !== undefined);
  return { squeue, sacct, jobcomp };
}

const of = (reports: readonly Report[], id: string) => reports.filter((report) => report.id === id);
const runsOf = (reports: readonly Report[]): Run[] =>
  reports.reduce<Run[]>((runs, report) => applyReport(runs, report).map(({ run }) => run), []);
const at = (seconds: number) => 1_795_568_000_000 + 1000 * seconds;
const summaryOf = ({ state, rawState, exitCode, startTimeMs, endTimeMs, sluid }: Run) => ({
  verdict: [state, rawState, exitCode],
  seconds: [startTimeMs, endTimeMs].map((timeMs) =>
    timeMs === undefined ? undefined : (timeMs - at(0)) / 1000,
  ),
  sluid,
});

const random = createRandom(7);
const shuffle = (reports: readonly Report[]) =>
  reports
    .map((report) => ({ report, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ report }) => report);

describe('26.05', () => {
  const { squeue, sacct, jobcomp } = readVersion('26.05', squeueColumns('SLUID'), at(891));
  const all = [...squeue, ...sacct, ...jobcomp];

  test('26.05: a job that gave a node back is one run on its last node, whatever the order of reports', () => {
    for (let time = 0; time < 200; time++) {
      const [run, ...others] = runsOf(shuffle(of(all, '1')));
      expect(others).toEqual([]);
      expect(summaryOf(run!)).toEqual({
        verdict: ['completed', 'COMPLETED', 0],
        seconds: [655, 682],
        sluid: 's2X5M883PQAZ00',
      });
      expect(run).toMatchObject({
        nodes: ['node01'],
        submitTimeMs: at(655),
        otherSluids: ['s2X5M883PXF400'],
      });
      expect(runsOf(shuffle(of(all, '14')))).toMatchObject([
        { state: 'running', startTimeMs: at(881), nodes: ['node01'], cpus: 1, sluid: 's2X5M883XKDH00' },
      ]);
    }
  });

  test('26.05: the Epilog of a node that was given back changes neither the nodes nor the CPUs of the job', () => {
    const epilogs = ['node01', 'node02'].map((node) => {
      const { name, bytes } = fixtureFile(`epilog_slurmd.job1.${node}.1`, {}, '26.05/hooks');
      return readEvent(name, bytes);
    });
    for (const epilog of epilogs) {
      expect(epilog).toMatchObject({ sluid: 's2X5M883PQAZ00' });
      for (const field of ['nodes', 'cpus', 'state']) expect(epilog).not.toHaveProperty(field);
    }
    for (let time = 0; time < 50; time++) {
      const [run] = runsOf(shuffle([...of(all, '1'), ...epilogs]));
      expect(run).toMatchObject({ nodes: ['node01'], cpus: 1, allocations: [{ node: 'node01' }] });
    }
  });

  test.each([
    ['was requeued', '3'],
    ['ended by itself and was requeued', '4'],
    ['belongs to scrontab', '8'],
    ['was suspended', '2'],
    ['was resized', '1'],
  ])('26.05: a job that %s has the same end in accounting and in its completion record', (_, id) => {
    const ended = (reports: readonly Report[]) =>
      runsOf(of(reports, id))
        .filter(({ endTimeMs, startTimeMs }) => endTimeMs !== undefined && startTimeMs !== undefined)
        .map(summaryOf);
    expect(ended(jobcomp).length).toBeGreaterThan(0);
    expect(ended(sacct)).toEqual(expect.arrayContaining(ended(jobcomp)));
    expect(ended(shuffle(all))).toEqual(ended(sacct));
  });

  test('26.05: a requeued run that ended by itself has its exit code, one that was stopped is cancelled', () => {
    expect(runsOf(of(sacct, '4')).map(summaryOf)).toMatchObject([
      { verdict: ['failed', 'FAILED', 9] },
      { verdict: ['failed', 'FAILED', 9] },
    ]);
    expect(runsOf(of(sacct, '3')).map(summaryOf)).toMatchObject([
      { verdict: ['cancelled', 'REQUEUED', undefined] },
      { verdict: ['running', 'RUNNING', undefined] },
    ]);
    const cron = runsOf(of(sacct, '8')).filter(({ endTimeMs }) => endTimeMs !== undefined);
    expect(cron.length).toBeGreaterThan(2);
    for (const run of cron) expect(run).toMatchObject({ state: 'completed', exitCode: 0 });
  });

  test('26.05: suspended time is read from squeue, within two seconds, and from accounting', () => {
    expect(runsOf(of(squeue, '2'))).toMatchObject([{ suspendedSeconds: 52 }]);
    expect(runsOf(of(sacct, '2'))).toMatchObject([{ suspendedSeconds: 52 }]);
    expect(runsOf(of(squeue, '15'))).toMatchObject([{ rawState: 'SUSPENDED', suspendedSeconds: 4 }]);
    for (const id of ['3', '7', '12'])
      for (const run of runsOf(of(all, id))) expect(run).not.toHaveProperty('suspendedSeconds');
  });

  test('26.05: a job may be called (null), and an empty name is absent', () => {
    for (const reports of [squeue, sacct, jobcomp])
      expect(of(reports, '6')).toMatchObject([{ name: '(null)' }]);
    for (const reports of [squeue, jobcomp]) expect(of(reports, '5')[0]).not.toHaveProperty('name');
  });

  test('26.05: every source has the SLUID', () => {
    for (const report of all) expect(report.sluid).toMatch(/^s[0-9A-Z]{13}$/);
  });
});

describe('24.11', () => {
  const { squeue, sacct, jobcomp } = readVersion('24.11', squeueColumns(''), at(1430));
  const all = [...squeue, ...sacct, ...jobcomp];

  test('24.11: a job that gave a node back is one run, although its second record does not show it', () => {
    const known = [of(sacct, '1'), of(all, '1'), [...of(jobcomp, '1'), ...of(sacct, '1').slice(1)]];
    for (const reports of known) {
      for (let time = 0; time < 50; time++) {
        const [run, ...others] = runsOf(shuffle([...reports, ...reports]));
        expect(others).toEqual([]);
        expect(summaryOf(run!)).toMatchObject({
          verdict: ['completed', 'COMPLETED', 0],
          seconds: [1326, 1353],
        });
        expect(run).toMatchObject({ nodes: ['node01'], submitTimeMs: at(1326) });
      }
    }
    // While it runs, only squeue shows the change when the first record is too old to be requested.
    const running: Report = {
      ...of(squeue, '1')[0]!,
      state: 'running',
      rawState: 'RUNNING',
      observedMs: at(1340),
    };
    const { endTimeMs: _, ...seen } = running;
    for (const order of [
      [seen, of(sacct, '1')[1]!],
      [of(sacct, '1')[1]!, seen],
    ]) {
      expect(runsOf(order).map(summaryOf)).toMatchObject([{ verdict: ['completed', 'COMPLETED', 0] }]);
    }
  });

  test.each(['1', '2', '3', '6'])(
    '24.11: job %s has the same end in accounting and in its completion record',
    (id) => {
      const ended = (reports: readonly Report[]) =>
        runsOf(of(reports, id))
          .filter(({ endTimeMs }) => endTimeMs !== undefined)
          .map(summaryOf)
          .map(({ verdict, seconds }) => ({ verdict, seconds }));
      expect(ended(jobcomp).length).toBeGreaterThan(0);
      expect(ended(sacct)).toEqual(expect.arrayContaining(ended(jobcomp)));
    },
  );

  test('24.11: a job that lost all nodes ended at that moment and not at its time limit', () => {
    expect(of(squeue, '9')).toMatchObject([{ rawState: 'COMPLETED' }]);
    for (const field of ['state', 'endTimeMs']) expect(of(squeue, '9')[0]).not.toHaveProperty(field);
    for (let time = 0; time < 20; time++) {
      const runs = runsOf(shuffle(of(all, '9')));
      expect(runs.map(summaryOf)).toMatchObject([
        { verdict: ['completed', 'COMPLETED', 0], seconds: [1390, 1397] },
      ]);
    }
  });
});
