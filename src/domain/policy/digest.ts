import { formatAmount, formatCount, formatPercent } from '../figures.ts';
import { countRuns, type Tally } from '../tally/tally.ts';
import { DIGEST, type NewNotice, type NoticeJob, type NoticePart } from './notice.ts';
import type { DigestRules } from './policy.ts';

const WEEK_MS = 7 * 86_400_000;

/** A week, from its first moment to that after its last. */
export interface Week {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** What somebody held and used in a week, and what was found in their jobs. */
export interface DigestPart {
  /** Such as `You`, or an account. */
  readonly title: string;
  readonly tally: Tally;
  /** The jobs with findings that are named, and how many there are; absent where nobody looked. */
  readonly found?: { readonly jobs: readonly NoticeJob[]; readonly total: number };
  /** Further lines, such as the users of an account. */
  readonly lines?: readonly string[];
}

/** Returns the digest of a week for somebody; undefined if no job ended. */
export function composeDigest(
  recipient: Pick<NewNotice, 'audience' | 'name'>,
  parts: readonly DigestPart[],
  { week, rules, nowMs }: { week: Week; rules: DigestRules; nowMs: number },
): NewNotice | undefined {
  const lively = parts.filter(({ tally }) => countRuns(tally) > 0);
  if (lively.length === 0) return undefined;
  const jobs = lively.reduce((sum, { tally }) => sum + countRuns(tally), 0);
  const whose = recipient.audience === 'user' ? 'your ' : '';
  return {
    ...recipient,
    policy: DIGEST,
    timeMs: nowMs,
    untilMs: week.untilMs,
    expiresMs: week.untilMs + WEEK_MS,
    subject: `The week of ${dayOf(week.sinceMs)}: ${whose}${formatCount(jobs, 'job')}`,
    says: `What ended from ${dayOf(week.sinceMs)} to ${dayOf(week.untilMs - 1)} (UTC).`,
    parts: lively.map(partOf),
    ways: rules.by.filter((way) => way !== 'page'),
    runs: [],
  };
}

const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

function partOf({ title, tally, found, lines = [] }: DigestPart): NoticePart {
  const { jobs = [], total = 0 } = found ?? {};
  const advice =
    total === 0
      ? 'Nothing was found that is worth changing.'
      : `${formatCount(total, 'job')} could do better next time:`;
  return {
    title,
    lines: [...describeTally(tally), ...lines, ...(found ? [advice] : [])],
    jobs,
    more: total - jobs.length,
  };
}

/** Returns sentences on how jobs ended, and what they held and used. */
export function describeTally(tally: Tally): string[] {
  const { timedOut, outOfMemory, nodeFailed, preempted } = tally;
  const ends = [
    formatEnd(tally.completed, 'completed'),
    formatEnd(timedOut, 'out of time'),
    formatEnd(outOfMemory, 'out of memory'),
    formatEnd(nodeFailed, 'on a node that failed'),
    formatEnd(preempted, 'preempted'),
    formatEnd(tally.failed - timedOut - outOfMemory - nodeFailed, 'failed'),
    formatEnd(tally.cancelled - preempted, 'cancelled'),
  ].filter((text) => text !== '');
  const held = [
    amount(tally.cpuSeconds / 3600, 'CPU-hours', tally.cpuUsedSeconds, tally.cpuMeasuredSeconds),
    amount(tally.gpuSeconds / 3600, 'GPU-hours', tally.gpuUsedSeconds, tally.gpuMeasuredSeconds),
    amount(
      tally.memoryMbSeconds / 1024 / 3600,
      'GB-hours of memory',
      tally.memoryUsedMbSeconds,
      tally.memoryMeasuredMbSeconds,
    ),
  ].filter((text) => text !== '');
  return [
    `${formatCount(countRuns(tally), 'job')} ended: ${ends.join(', ')}.`,
    ...(held.length > 0 ? [`Held: ${held.join('; ')}.`] : []),
  ];
}

const formatEnd = (count: number, how: string): string => (count <= 0 ? '' : `${count} ${how}`);

/** A share is told only of what was measured. */
function amount(hours: number, noun: string, used: number, measured: number): string {
  if (hours === 0) return '';
  const share = measured > 0 ? `, ${formatPercent((100 * used) / measured)} used` : '';
  return `${formatAmount(hours)} ${noun}${share}`;
}
