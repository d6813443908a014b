import { expect, test } from 'bun:test';
import { type DecideOptions, decide } from '../../../src/domain/policy/decide.ts';
import type { Match } from '../../../src/domain/policy/match.ts';
import type { NewNotice } from '../../../src/domain/policy/notice.ts';
import type { Policy } from '../../../src/domain/policy/policy.ts';
import { createTold, type LastNotice, type ToldRun } from '../../../src/domain/policy/told.ts';
import { MINUTE_MS } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { policiesOf } from '../../help/policies.ts';

const HOUR_MS = 60 * MINUTE_MS;

const policyOf = (lines: string): Policy =>
  policiesOf(`[policy.p]\nsays = "x"\nby = ["page"]\n${lines}`).policies[0]!;
const RUNNING = 'looks_at = "running"\njob.gpu_idle_minutes = ">= 15"\nwindow = "1h"\n';
const ENDED = 'looks_at = "ended"\njob.gpu_max_percent = "<= 0"\nwindow = "7d"\n';

const match = (id: string, user: string, account?: string, fields: Partial<Match> = {}): Match => ({
  ...{ id, user, startTimeMs: NOON_MS - 10 * HOUR_MS, figures: { gpu_hours: 10 }, reasons: [], findings: [] },
  ...(account !== undefined && { account }),
  ...{ fromMs: NOON_MS - 10 * HOUR_MS, toMs: NOON_MS },
  ...fields,
});
const ended = (id: string, user: string, account: string, gpuHours: number, minutesAgo = 60) =>
  match(id, user, account, {
    endTimeMs: NOON_MS - minutesAgo * MINUTE_MS,
    figures: { gpu_hours: gpuHours },
  });

interface Case extends Partial<Omit<DecideOptions, 'told'>> {
  readonly last?: readonly LastNotice[];
  readonly runs?: readonly ToldRun[];
}

function decideOn(policy: Policy, jobs: readonly Match[], { last = [], runs = [], ...rest }: Case = {}) {
  return decide({
    ...{ policies: [policy], acts: [], mayAct: false, timeZone: 'UTC', holidays: [], nowMs: NOON_MS },
    matches: new Map([['p', { jobs, base: { cpuHours: 0, gpuHours: 0 } }]]),
    told: createTold({ last, runs }),
    coordinatorsOf: (account) => COORDINATORS[account] ?? [],
    ...rest,
  });
}

const COORDINATORS: Record<string, string[]> = { physics: ['carl'], chem: ['carl', 'dora'] };

/** Whom notices tell, and of which jobs of whom. */
const seen = (notices: readonly NewNotice[]) =>
  notices
    .map(({ audience, name, parts }) => {
      const of = parts.map(({ title, jobs }) => `${title}: ${jobs.map(({ id }) => id).join(' ')}`);
      return [`${audience} ${name}`.trim(), ...of];
    })
    .sort();

test('coordinators are told of the jobs of their accounts, all users in one notice', () => {
  const policy = policyOf(`${RUNNING}tell = ["user", "coordinators", "administrators"]`);
  const jobs = [
    match('1', 'alice', 'physics'),
    match('2', 'bob', 'physics'),
    match('3', 'alice', 'chem'),
    // Nobody coordinates these.
    match('4', 'eve', 'other'),
    match('5', 'eve'),
    // A coordinator hears of jobs of their own twice: as their user, and of the account.
    match('6', 'carl', 'chem'),
  ];
  const { notices } = decideOn(policy, jobs);
  expect(seen(notices)).toEqual([
    ['administrators', 'Jobs of alice: 1 3', 'Jobs of eve: 4 5', 'Jobs of bob: 2', 'Jobs of carl: 6'],
    ['coordinators carl', 'Jobs of alice: 1 3', 'Jobs of bob: 2', 'Jobs of carl: 6'],
    ['coordinators dora', 'Jobs of alice: 3', 'Jobs of carl: 6'],
    ['user alice', 'Your jobs: 1 3'],
    ['user bob', 'Your jobs: 2'],
    ['user carl', 'Your jobs: 6'],
    ['user eve', 'Your jobs: 4 5'],
  ]);
  const subjects = new Map(notices.map(({ audience, name, subject }) => [`${audience} ${name}`, subject]));
  expect(subjects.get('coordinators carl')).toBe('p: 4 jobs of 3 users');
  expect(subjects.get('user bob')).toBe('p: your job 2');
});

test('each coordinator has a silence of their own, and is told of a run once', () => {
  const policy = policyOf(`${RUNNING}tell = ["coordinators"]`);
  const jobs = [match('1', 'alice', 'chem'), match('2', 'bob', 'chem')];
  const carl = { policy: 'p', audience: 'coordinators', name: 'carl' } as const;
  const lastAt = (minutes: number) => ({
    ...carl,
    timeMs: NOON_MS - minutes * MINUTE_MS,
    untilMs: NOON_MS - minutes * MINUTE_MS,
  });
  const runs = [{ ...carl, job: '1', startMs: jobs[0]!.startTimeMs, timeMs: 0, isDelivered: true }];
  const dora = ['coordinators dora', 'Jobs of alice: 1', 'Jobs of bob: 2'];
  expect(seen(decideOn(policy, jobs, { last: [lastAt(59)], runs }).notices)).toEqual([dora]);
  expect(seen(decideOn(policy, jobs, { last: [lastAt(60)], runs }).notices)).toEqual([
    ['coordinators carl', 'Jobs of bob: 2'],
    dora,
  ]);
  // What the user was told is no matter for the coordinators.
  const asUser = { ...runs[0]!, audience: 'user', name: 'alice' } as const;
  expect(seen(decideOn(policy, jobs, { runs: [asUser] }).notices)).toHaveLength(2);
});

test('of ended jobs coordinators hear of users who exceed the total within their accounts', () => {
  const policy = policyOf(`${ENDED}total.gpu_hours = ">= 30"\ntell = ["user", "coordinators"]`);
  const jobs = [
    ended('1', 'alice', 'physics', 20),
    ended('2', 'alice', 'chem', 20),
    ended('3', 'bob', 'chem', 40),
    // It ended too short a while ago to be known for good.
    ended('4', 'eve', 'chem', 99, 10),
  ];
  expect(seen(decideOn(policy, jobs).notices)).toEqual([
    // carl has both accounts of alice, dora one of them.
    ['coordinators carl', 'Jobs of alice: 1 2', 'Jobs of bob: 3'],
    ['coordinators dora', 'Jobs of bob: 3'],
    ['user alice', 'Your jobs: 1 2'],
    ['user bob', 'Your jobs: 3'],
  ]);
});

test('with `top` only those are told of who held most', () => {
  const policy = policyOf(`${ENDED}top = 1\ntell = ["user", "administrators"]`);
  const jobs = [
    ended('1', 'alice', 'chem', 5),
    ended('2', 'bob', 'chem', 40),
    ended('3', 'alice', 'chem', 9),
  ];
  expect(seen(decideOn(policy, jobs).notices)).toEqual([
    ['administrators', 'Jobs of bob: 2'],
    ['user bob', 'Your jobs: 2'],
  ]);
});

test('an act that is rehearsed concerns administrators alone, and one that is done all who are to be told', () => {
  const policy = policyOf(`${RUNNING}act = true\ntell = ["user", "coordinators", "administrators"]`);
  const job = match('1', 'alice', 'chem');
  const act = { policy: 'p', match: job, timeMs: NOON_MS };
  const first = decideOn(policy, [job]);
  expect([first.notices, first.acts.map(({ match: { id } }) => id)]).toEqual([[], ['1']]);
  const rehearsed = decideOn(policy, [job], { acts: [{ ...act, state: 'rehearsed' }] });
  expect(seen(rehearsed.notices)).toEqual([['administrators', 'Jobs of alice: 1']]);
  expect(rehearsed.notices[0]!.subject).toBe('p: would cancel job 1 of alice');
  expect(rehearsed.acts).toEqual([]);
  const done = decideOn(policy, [], { acts: [{ ...act, state: 'done' }], mayAct: true });
  expect(done.notices.map(({ audience, subject }) => [audience, subject]).sort()).toEqual([
    ['administrators', 'p: cancelled job 1 of alice'],
    ['coordinators', 'p: cancelled job 1 of alice'],
    ['coordinators', 'p: cancelled job 1 of alice'],
    ['user', 'p: cancelled your job 1'],
  ]);
  // A requeued run is another one, and Slurm is asked again where it did not answer.
  const again = { ...job, startTimeMs: NOON_MS - HOUR_MS };
  const known = [{ ...act, state: 'done' as const }];
  expect(decideOn(policy, [again], { acts: known, mayAct: true }).acts).toHaveLength(1);
  expect(decideOn(policy, [job], { acts: known, mayAct: true }).acts).toEqual([]);
  const failed = [{ ...act, state: 'failed' as const }];
  expect(decideOn(policy, [job], { acts: failed, mayAct: true }).acts).toHaveLength(1);
});

test('a policy for workdays says on the next one what happened meanwhile', () => {
  const policy = policyOf(`${ENDED}workdays_only = true\ntell = ["user"]`);
  const saturdayMs = Date.UTC(2026, 5, 6, 12);
  const job = (nowMs: number) =>
    match('1', 'alice', 'chem', { endTimeMs: saturdayMs - HOUR_MS, toMs: nowMs });
  const toldOn = (nowMs: number, holidays: string[] = []) =>
    seen(decideOn(policy, [job(nowMs)], { nowMs, holidays }).notices);
  expect(toldOn(saturdayMs)).toEqual([]);
  const mondayMs = saturdayMs + 48 * HOUR_MS;
  expect(toldOn(mondayMs, ['2026-06-08'])).toEqual([]);
  expect(toldOn(mondayMs)).toEqual([['user alice', 'Your jobs: 1']]);
});
