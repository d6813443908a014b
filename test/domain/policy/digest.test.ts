import { expect, test } from 'bun:test';
import { weekOfDigest } from '../../../src/domain/policy/calendar.ts';
import { composeDigest, type DigestPart, describeTally } from '../../../src/domain/policy/digest.ts';
import type { DigestRules } from '../../../src/domain/policy/policy.ts';
import { NO_TALLY } from '../../../src/domain/tally/tally.ts';

const HOUR = 3600;
const DAY_MS = 86_400_000;
const at = (text: string) => Date.parse(text);
const WEEK = { sinceMs: at('2026-06-01T00:00Z'), untilMs: at('2026-06-08T00:00Z') };
const RULES: DigestRules = { tell: ['user'], by: ['page', 'mail'], weekday: 1, hour: 8 };
const NOW = { week: WEEK, rules: RULES, nowMs: at('2026-06-08T06:01Z') };

const TALLY = {
  ...NO_TALLY,
  ...{ completed: 2, failed: 3, cancelled: 2, timedOut: 1, outOfMemory: 1, nodeFailed: 1, preempted: 1 },
  ...{ cpuSeconds: 150 * HOUR, cpuMeasuredSeconds: 100 * HOUR, cpuUsedSeconds: 25 * HOUR },
  gpuSeconds: 36 * HOUR,
};
const part = (fields: Partial<DigestPart> = {}): DigestPart => ({
  ...{ title: 'You', tally: TALLY, found: { jobs: [], total: 0 } },
  ...fields,
});

test('a digest counts each end once, and has a share of use only of what was measured', () => {
  expect(describeTally(TALLY)).toEqual([
    '7 jobs ended: 2 completed, 1 out of time, 1 out of memory, 1 on a node that failed, 1 preempted, 1 cancelled.',
    'Held: 150 CPU-hours, 25 % used; 36 GPU-hours.',
  ]);
  expect(describeTally({ ...NO_TALLY, failed: 1 })).toEqual(['1 job ended: 1 failed.']);
});

test('a digest says how the week was, names jobs that could do better, and is told once a week', () => {
  const job = { id: '7', name: 'train', text: 'It held 1 GPU and used none.', action: '--gpus=0' };
  const notice = composeDigest(
    { audience: 'user', name: 'alice' },
    [part({ found: { jobs: [job], total: 3 } })],
    NOW,
  );
  expect(notice).toEqual({
    ...{ policy: 'digest', audience: 'user', name: 'alice', timeMs: NOW.nowMs, untilMs: WEEK.untilMs },
    ...{ expiresMs: WEEK.untilMs + 7 * DAY_MS, ways: ['mail'], runs: [] },
    subject: 'The week of 2026-06-01: your 7 jobs',
    says: 'What ended from 2026-06-01 to 2026-06-07 (UTC).',
    parts: [
      {
        title: 'You',
        lines: [...describeTally(TALLY), '3 jobs could do better next time:'],
        jobs: [job],
        more: 2,
      },
    ],
  });
});

test('a coordinator reads of each account that had jobs, and nobody of a week without any', () => {
  const carl = { audience: 'coordinators', name: 'carl' } as const;
  const quiet = part({ title: 'Account chem', tally: NO_TALLY });
  const lively = part({ title: 'Account physics', lines: ['alice: 3 CPU-hours'] });
  const notice = composeDigest(carl, [quiet, lively], NOW);
  expect(notice?.subject).toBe('The week of 2026-06-01: 7 jobs');
  expect(notice?.parts.map(({ title, lines }) => [title, ...lines.slice(2)])).toEqual([
    ['Account physics', 'alice: 3 CPU-hours', 'Nothing was found that is worth changing.'],
  ]);
  expect(composeDigest(carl, [quiet], NOW)).toBeUndefined();
  expect(composeDigest(carl, [], NOW)).toBeUndefined();
});

const BERLIN = { timeZone: 'Europe/Berlin', weekday: 1, hour: 8 };
const TOKYO = { timeZone: 'Asia/Tokyo', weekday: 5, hour: 8 };

test.each([
  ['one minute early', '2026-06-08T05:59Z', BERLIN, '2026-06-01'],
  ['on the hour of the site', '2026-06-08T06:00Z', BERLIN, '2026-06-08'],
  ['on the hour in winter', '2026-12-07T07:00Z', BERLIN, '2026-12-07'],
  ['before that hour in winter', '2026-12-07T06:59Z', BERLIN, '2026-11-30'],
  ['on the day before', '2026-06-07T23:00Z', BERLIN, '2026-06-01'],
  ['at the end of a week', '2026-06-14T23:59Z', BERLIN, '2026-06-08'],
  // Eight o'clock on Friday is before the end of Thursday in UTC.
  ['when the week has not ended in UTC', '2026-06-11T23:30Z', TOKYO, '2026-06-05'],
  ['while its last jobs are being judged', '2026-06-12T00:59Z', TOKYO, '2026-06-05'],
  ['an hour after it ended in UTC', '2026-06-12T01:00Z', TOKYO, '2026-06-12'],
])('the digest that is due is that of the seven days before: %s', (_, now, rules, until) => {
  const untilMs = at(`${until}T00:00Z`);
  expect(weekOfDigest(at(now), rules)).toEqual({ sinceMs: untilMs - 7 * DAY_MS, untilMs });
});
