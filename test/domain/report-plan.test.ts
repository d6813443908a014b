import { describe, expect, test } from 'bun:test';
import { reportWithoutUser } from '../../src/domain/errors.ts';
import type { Report } from '../../src/domain/report.ts';
import { type KnownRun, planReport, type ReportPlan } from '../../src/domain/report-plan.ts';

interface Stored extends KnownRun {
  readonly key: number;
}

const at = (seconds: number) => Date.UTC(2026, 0, 20, 12) + 1000 * seconds;
const pending = (seconds: number, fields: Partial<Report> = {}): Report => ({
  ...{ source: 'squeue', observedMs: at(seconds), id: '7', user: 'alice', state: 'pending' },
  ...{ submitTimeMs: at(0), partition: 'debug' },
  ...fields,
});
const running = (seconds: number, start: number, fields: Partial<Report> = {}): Report =>
  pending(seconds, { state: 'running', startTimeMs: at(start), nodes: ['n1'], ...fields });
const record = (start: number, end: number, fields: Partial<Report> = {}): Report =>
  running(end, start, { source: 'jobcomp', state: 'completed', endTimeMs: at(end), ...fields });

/** The smallest engine: carries out plans on an array. Throws for a report without news. */
function apply(known: readonly Stored[], report: Report): { plan: ReportPlan<Stored>; known: Stored[] } {
  const plan = planReport(known, report);
  if (!plan) throw new Error('The report was a repeat.');
  const { past, latest } = plan;
  const written = [...past, ...(latest ? [latest] : [])];
  const replaced = new Set(
    written.flatMap(({ replaces, joins }) => [...joins, ...(replaces ? [replaces] : [])]),
  );
  let key = Math.max(0, ...known.map((one) => one.key));
  const store = (writes: typeof written, isLatest: boolean) =>
    writes.map(({ run, replaces }) => ({ key: replaces?.key ?? ++key, isLatest, run }));
  return {
    plan,
    known: [
      ...known.filter((one) => !replaced.has(one)),
      ...store([...past], false),
      ...store(latest ? [latest] : [], true),
    ],
  };
}
const applyAll = (reports: readonly Report[]) =>
  reports.reduce((known, report) => apply(known, report).known, [] as Stored[]);

const keys = (plan: ReportPlan<Stored>) => ({
  joins: [...plan.past, ...(plan.latest ? [plan.latest] : [])].flatMap(({ joins }) =>
    joins.map(({ key }) => key),
  ),
  past: plan.past.map(({ replaces }) => replaces?.key ?? 'new'),
  latest: plan.latest ? (plan.latest.replaces?.key ?? 'new') : undefined,
});

describe('runs that a report writes', () => {
  test('the first report of a job creates its only run', () => {
    const { plan } = apply([], pending(1));
    expect(keys(plan)).toEqual({ joins: [], past: [], latest: 'new' });
    expect(plan).toMatchObject({ isNewJob: true, leaves: undefined });
  });

  test('a later report of the same run replaces it in place', () => {
    const { plan, known } = apply(applyAll([pending(1)]), running(11, 10));
    expect(keys(plan)).toEqual({ joins: [], past: [], latest: 1 });
    expect(plan).toMatchObject({ isNewJob: false, leaves: undefined });
    expect(known).toMatchObject([{ key: 1, isLatest: true, run: { state: 'running', startTimeMs: at(10) } }]);
  });

  test('a requeue moves the latest run to the earlier ones, and its samples with it', () => {
    const known = applyAll([running(11, 10)]);
    const { plan } = apply(known, pending(40, { submitTimeMs: at(30), restarts: 1 }));
    expect(keys(plan)).toEqual({ joins: [], past: [1], latest: 'new' });
    expect(plan.isNewJob).toBe(false);
    expect(plan.leaves).toBe(known[0]);
  });

  test('the late record of an earlier run leaves the latest one alone', () => {
    const known = applyAll([running(11, 10), running(41, 40, { restarts: 1 })]);
    const { plan } = apply(known, record(10, 20));
    expect(keys(plan)).toEqual({ joins: [], past: [1], latest: undefined });
    expect(plan.past[0]!.run).toMatchObject({ state: 'completed', endTimeMs: at(20) });
  });

  test('a record of a run that no other source saw is a new earlier run', () => {
    const { plan } = apply(applyAll([record(40, 50)]), record(10, 20));
    expect(keys(plan)).toEqual({ joins: [], past: ['new'], latest: undefined });
  });

  test('two runs that turn out to be one are joined, and the latest inherits from the earlier', () => {
    const resized = { sluid: 's0000000000002', submitTimeMs: at(40) };
    const known = applyAll([running(11, 10, { sluid: 's0000000000001' }), running(41, 40, resized)]);
    expect(known.map(({ key, isLatest }) => [key, isLatest])).toEqual([
      [1, false],
      [2, true],
    ]);
    const both = { sluid: 's0000000000001', otherSluids: ['s0000000000002'], resizedMs: [at(40)] };
    const { plan } = apply(known, record(10, 60, { source: 'sacct', ...both }));
    expect(keys(plan)).toEqual({ joins: [1], past: [], latest: 2 });
    expect(plan.latest!.run).toMatchObject({ startTimeMs: at(10), sluid: 's0000000000001' });
  });

  test('the latest run gets the user that only an earlier one names', () => {
    const { user: _, ...anonymous } = running(41, 40, { restarts: 1 });
    const { plan } = apply(applyAll([running(11, 10)]), anonymous);
    expect(plan.latest!.run.user).toBe('alice');
  });

  test('a report of a job whose user no source names is refused', () => {
    const { user: _, ...anonymous } = running(11, 10);
    expect(() => planReport([], anonymous)).toThrow(reportWithoutUser('7'));
  });
});

describe('news of a report', () => {
  test('a report that repeats what is known plans nothing', () => {
    expect(planReport(applyAll([running(11, 10)]), running(12, 10))).toBeUndefined();
  });

  test('the first event of a job replaces nothing, and a later one stores what it replaces', () => {
    const { plan, known } = apply([], pending(1));
    expect(plan.event).toEqual({
      ...{ timeMs: at(1), source: 'squeue', was: undefined },
      change: { user: 'alice', partition: 'debug', submitTimeMs: at(0), state: 'pending' },
    });
    expect(apply(known, running(11, 10)).plan.event).toStrictEqual({
      ...{ timeMs: at(11), source: 'squeue', was: { state: 'pending' } },
      change: { nodes: ['n1'], startTimeMs: at(10), state: 'running' },
    });
  });

  test('an event names the owner of its run once the job has several runs', () => {
    const ofAlice = applyAll([running(11, 10, { account: 'physics' }), record(10, 20)]);
    const ofBob = apply(ofAlice, running(101, 100, { user: 'bob', submitTimeMs: at(99) }));
    expect(ofBob.plan.event!.owner).toEqual({ user: 'bob', account: undefined });
    const late = apply(ofBob.known, record(10, 20, { source: 'sacct', qos: 'high' }));
    expect(late.plan.event!.owner).toEqual({ user: 'alice', account: 'physics' });
    const { user: _, ...anonymous } = running(201, 200, { submitTimeMs: at(199) });
    expect(apply(ofBob.known, anonymous).plan.event!.owner).toEqual({ user: 'bob', account: undefined });
  });

  test('suspended time is stored without an event', () => {
    const { plan } = apply(applyAll([running(11, 10)]), running(20, 10, { suspendedSeconds: 5 }));
    expect(plan.latest!.run.suspendedSeconds).toBe(5);
    expect(plan.event).toBeUndefined();
  });

  test('a surer source of the same end is stored without an event', () => {
    const known = applyAll([record(10, 20, { source: 'hook' })]);
    const { plan } = apply(known, record(10, 20));
    expect(plan.latest!.run.provenance.verdict).toBe('jobcomp');
    expect(plan.event).toBeUndefined();
  });

  test('an event of a node hook shows the allocation of that node alone', () => {
    const onNode = (node: string): Partial<Report> => ({ source: 'hook', allocations: [{ node, cpus: 2 }] });
    const known = applyAll([running(11, 10, { nodes: ['n1', 'n2'], ...onNode('n1') })]);
    const { plan } = apply(known, running(12, 10, { nodes: ['n1', 'n2'], ...onNode('n2') }));
    expect(plan.latest!.run.allocations).toHaveLength(2);
    expect(plan.event!.change).toEqual({ allocations: [{ node: 'n2', cpus: 2 }] });
  });
});

describe('throughput counters of a report', () => {
  test('a start counts its wait, and an end counts once, with its first verdict', () => {
    const started = apply(applyAll([pending(1)]), running(11, 10));
    expect(started.plan.tally).toEqual({ waitMs: 10_000 });
    const guessed = apply(started.known, record(10, 20, { source: 'hook', state: 'failed' }));
    expect(guessed.plan.tally).toEqual({ finished: { partition: 'debug', state: 'failed' } });
    expect(apply(guessed.known, record(10, 20)).plan.tally).toEqual({});
  });

  test('a report of more than a day after the end counts nothing', () => {
    expect(apply([], record(10, 20, { observedMs: at(90_000) })).plan.tally).toEqual({});
  });
});

describe('the size of a run', () => {
  const cpusAfter = (...reports: Report[]) => applyAll(reports).find(({ isLatest }) => isLatest)!.run.cpus;
  const waits = pending(1, { source: 'sacct', cpus: 2 });

  test('that accounting knew while the job waited gives way to what squeue sees later', () => {
    expect(cpusAfter(waits, running(11, 10, { cpus: 2 }), running(20, 10, { cpus: 1 }))).toBe(1);
  });

  test('of an ended run is what accounting says, whatever squeue says later', () => {
    const ended = record(10, 30, { source: 'sacct', cpus: 1 });
    expect(cpusAfter(running(11, 10, { cpus: 2 }), ended, running(31, 10, { cpus: 2, qos: 'x' }))).toBe(1);
  });
});
