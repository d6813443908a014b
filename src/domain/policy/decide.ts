import type { Act, StoredAct } from './act.ts';
import { isWorkday } from './calendar.ts';
import { holds } from './condition.ts';
import type { Match } from './match.ts';
import { isSameStart, type NewNotice, type NoticeJob, type NoticePart } from './notice.ts';
import type { Audience, Policy } from './policy.ts';
import type { Recipient, Told } from './told.ts';
import { type Base, TOTAL_FIGURES, type TotalFigureName, totalOf } from './totals.ts';

/** The runs that a policy is about. */
export interface PolicyMatches {
  readonly jobs: readonly Match[];
  readonly base: Base;
}

export interface DecideOptions {
  readonly policies: readonly Policy[];
  /** By the name of the policy; a policy without an entry was not looked at. */
  readonly matches: ReadonlyMap<string, PolicyMatches>;
  readonly told: Told;
  /** Acts of the last days. */
  readonly acts: readonly StoredAct[];
  /** Whether acts are done; otherwise they are rehearsed. */
  readonly mayAct: boolean;
  readonly coordinatorsOf: (account: string) => readonly string[];
  readonly timeZone: string;
  readonly holidays: readonly string[];
  readonly nowMs: number;
}

export interface Decision {
  readonly notices: readonly NewNotice[];
  readonly acts: readonly Act[];
}

/** What is known of a job that has just ended may still change. */
const SETTLE_MS = 15 * 60_000;
/** Jobs and users that a notice names; it says how many more there are. */
const MAX_JOBS = 20;
const MAX_PARTS = 50;

/**
 * Decides whom policies tell and what they cancel, from the runs that match and what was told before. Of a
 * policy nobody gets two notices within its window, and no notice names a run that an earlier one named.
 * Those of acts follow the acts: they tell of what was done.
 */
export function decide(options: DecideOptions): Decision {
  const isOff = !isWorkday(options.nowMs, options);
  const policies = options.policies.filter(({ workdaysOnly }) => !(workdaysOnly && isOff));
  const acts = policies
    .filter(({ act }) => act)
    .flatMap((policy) => actsOf(policy, options.matches.get(policy.name)?.jobs ?? [], options));
  return { notices: policies.flatMap((policy) => noticesOf(policy, options)), acts };
}

function noticesOf(policy: Policy, options: DecideOptions): NewNotice[] {
  const matches = policy.act ? matchesOfActs(policy, options) : options.matches.get(policy.name);
  if (!matches) return [];
  return recipientsOf(policy, matches.jobs, options)
    .map(([recipient, jobs]) =>
      noticeFor(policy, recipient, { ...matches, jobs, all: matches.jobs }, options),
    )
    .filter((notice) => notice !== undefined);
}

const actsOf = (policy: Policy, matches: readonly Match[], options: DecideOptions): Act[] =>
  matches
    .filter((match) => mayCancel(policy, match, options))
    .map((match) => ({ policy: policy.name, match }));

/** A job is cancelled once, and after the notice that the policy asks for has reached its user. */
function mayCancel(policy: Policy, match: Match, { acts, told, mayAct, nowMs }: DecideOptions): boolean {
  const settled = mayAct ? ['begun', 'done', 'void'] : ['begun', 'done', 'void', 'rehearsed'];
  const isSettled = acts.some(
    ({ state, match: { id, startTimeMs } }) =>
      id === match.id && isSameStart(startTimeMs, match.startTimeMs) && settled.includes(state),
  );
  if (isSettled) return false;
  if (policy.after === undefined) return true;
  const recipient = { policy: policy.after, audience: 'user', name: match.user } as const;
  const notice = told.ofRun(recipient, match.id, match.startTimeMs);
  return notice?.isDelivered === true && nowMs - notice.timeMs >= policy.graceMs;
}

function matchesOfActs({ name }: Policy, { acts, mayAct }: DecideOptions): PolicyMatches {
  const shown = mayAct ? 'done' : 'rehearsed';
  const own = acts.filter(({ policy, state }) => policy === name && state === shown);
  return { jobs: own.map(({ match }) => match), base: { cpuHours: 0, gpuHours: 0 } };
}

/** Returns whom a policy tells, each with the runs that concern them. */
function recipientsOf(
  { name: policy, tell, act }: Policy,
  matches: readonly Match[],
  { coordinatorsOf, mayAct }: DecideOptions,
): [Recipient, Match[]][] {
  const found = new Map<string, [Recipient, Match[]]>();
  const add = (audience: Audience, name: string, match: Match) => {
    const key = JSON.stringify([audience, name]);
    const known = found.get(key);
    if (known) known[1].push(match);
    else found.set(key, [{ policy, audience, name }, [match]]);
  };
  // What is only rehearsed concerns nobody else.
  const audiences = act && !mayAct ? tell.filter((one) => one === 'administrators') : tell;
  for (const match of matches) {
    if (audiences.includes('user')) add('user', match.user, match);
    if (audiences.includes('administrators')) add('administrators', '', match);
    if (!audiences.includes('coordinators') || match.account === undefined) continue;
    for (const coordinator of coordinatorsOf(match.account)) add('coordinators', coordinator, match);
  }
  return [...found.values()];
}

interface Concerned extends PolicyMatches {
  /** Those of all recipients. */
  readonly all: readonly Match[];
}

function noticeFor(
  policy: Policy,
  recipient: Recipient,
  { jobs, all, base }: Concerned,
  { told, nowMs, mayAct }: DecideOptions,
): NewNotice | undefined {
  const last = told.last(recipient);
  // A clock that went back does not end the silence; `steadyTimes` keeps it from lasting longer.
  if (last && nowMs - last.timeMs < policy.windowMs) return undefined;
  const untilMs = policy.looksAt === 'running' ? nowMs : nowMs - SETTLE_MS;
  const sinceMs = Math.max(nowMs - policy.windowMs, last?.untilMs ?? Number.NEGATIVE_INFINITY);
  const isNews = (match: Match) =>
    policy.looksAt === 'running'
      ? told.ofRun(recipient, match.id, match.startTimeMs) === undefined
      : match.endTimeMs !== undefined && match.endTimeMs > sinceMs && match.endTimeMs <= untilMs;
  const groups = groupsOf(policy, jobs.filter(isNews), base);
  const first = policy.top === undefined ? undefined : firstUsers(policy, groupsOf(policy, all, base));
  const groupsTold = first ? groups.filter(({ user }) => first.has(user)) : groups;
  if (groupsTold.length === 0) return undefined;
  const named = groupsTold.flatMap(({ jobs }) => jobs);
  const isRehearsed = policy.act && !mayAct;
  return {
    ...recipient,
    timeMs: nowMs,
    untilMs,
    expiresMs: nowMs + policy.windowMs,
    subject: subjectOf(policy, recipient, groupsTold, isRehearsed),
    says: policy.says,
    parts: groupsTold.slice(0, MAX_PARTS).map((group) => partOf(policy, recipient, group)),
    ways: policy.by.filter((way) => way !== 'page'),
    runs:
      policy.looksAt === 'running'
        ? named.map(({ id, startTimeMs }) => ({ job: id, startMs: startTimeMs }))
        : [],
  };
}

/** The matching jobs of a user, and what they are together. */
interface Group {
  readonly user: string;
  readonly jobs: readonly Match[];
  readonly reasons: readonly string[];
}

/** Returns the users whose jobs together satisfy the policy, those who held most first. */
function groupsOf(policy: Policy, matches: readonly Match[], base: Base): Group[] {
  const weight = weightOf(policy);
  const groups: (Group & { readonly held: number })[] = [];
  for (const [user, jobs] of Map.groupBy(matches, (match) => match.user)) {
    const totals = policy.total.map((condition) => {
      const value = totalOf(condition.figure as TotalFigureName, jobs, base);
      return { condition, value };
    });
    if (!totals.every(({ condition, value }) => holds(condition, value))) continue;
    const reasons = totals.map(({ condition, value }) =>
      TOTAL_FIGURES[condition.figure as TotalFigureName].say(value!),
    );
    const held = jobs.reduce((sum, { figures }) => sum + (figures[weight] ?? 0), 0);
    groups.push({ user, jobs: sortJobs(jobs, weight), reasons: [...new Set(reasons)], held });
  }
  return groups.sort((one, other) => other.held - one.held || (one.user < other.user ? -1 : 1));
}

const firstUsers = ({ top = 0 }: Policy, groups: readonly Group[]): ReadonlySet<string> =>
  new Set(groups.slice(0, top).map(({ user }) => user));

const weightOf = ({ job, total }: Policy) =>
  [...job, ...total].some(({ figure }) => figure.includes('gpu')) ? 'gpu_hours' : 'cpu_hours';

const sortJobs = (jobs: readonly Match[], weight: 'gpu_hours' | 'cpu_hours'): Match[] =>
  jobs.toSorted(
    (one, other) => (other.figures[weight] ?? 0) - (one.figures[weight] ?? 0) || (one.id < other.id ? -1 : 1),
  );

function subjectOf(policy: Policy, { audience }: Recipient, groups: readonly Group[], isRehearsed: boolean) {
  const jobs = groups.reduce((sum, group) => sum + group.jobs.length, 0);
  const count = jobs === 1 ? `job ${groups[0]!.jobs[0]!.id}` : `${jobs} jobs`;
  const whose =
    audience === 'user'
      ? `your ${count}`
      : `${count} of ${groups.length === 1 ? groups[0]!.user : `${groups.length} users`}`;
  if (!policy.act) return `${policy.name}: ${whose}`;
  return isRehearsed ? `${policy.name}: would cancel ${whose}` : `${policy.name}: cancelled ${whose}`;
}

function partOf({ total }: Policy, { audience }: Recipient, { user, jobs, reasons }: Group): NoticePart {
  const lines = total.length > 0 ? [`Together: ${reasons.join(', ')}.`] : [];
  return {
    title: audience === 'user' ? 'Your jobs' : `Jobs of ${user}`,
    lines,
    jobs: jobs.slice(0, MAX_JOBS).map(noticeJob),
    more: Math.max(0, jobs.length - MAX_JOBS),
  };
}

function noticeJob({ id, name, run, reasons, findings }: Match): NoticeJob {
  const action = findings.find((one) => one.action !== undefined)?.action;
  const text = [
    ...(run === undefined ? [] : [`Its run ${run}:`]),
    ...findings.map(({ message }) => message),
    ...(reasons.length > 0 ? [`${reasons.join(', ')}.`] : []),
  ];
  return {
    id,
    ...(name !== undefined && { name }),
    text: text.join(' '),
    ...(action !== undefined && { action }),
  };
}
