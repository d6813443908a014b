import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { JOB_STATES, type JobState } from '../../../src/domain/job.ts';
import { readState, SLURM_STATES } from '../../../src/slurm/values/state.ts';

type Said = JobState | undefined;

const WORDS: [word: string, code: string | undefined, now: Said, ended: Said][] = [
  ['PENDING', 'PD', 'pending', undefined],
  ['RUNNING', 'R', 'running', undefined],
  ['SUSPENDED', 'S', 'running', undefined],
  ['COMPLETED', 'CD', 'completed', 'completed'],
  ['CANCELLED', 'CA', 'cancelled', 'cancelled'],
  ['FAILED', 'F', 'failed', 'failed'],
  ['TIMEOUT', 'TO', 'failed', 'failed'],
  ['NODE_FAIL', 'NF', 'failed', 'failed'],
  ['PREEMPTED', 'PR', 'cancelled', 'cancelled'],
  ['BOOT_FAIL', 'BF', 'failed', 'failed'],
  ['DEADLINE', 'DL', 'failed', 'failed'],
  ['OUT_OF_MEMORY', 'OOM', 'failed', 'failed'],
  ['COMPLETING', 'CG', undefined, undefined],
  ['CONFIGURING', 'CF', 'running', undefined],
  ['RESIZING', 'RS', 'running', undefined],
  ['REQUEUED', 'RQ', 'pending', 'cancelled'],
  ['REQUEUE_FED', 'RF', 'pending', 'cancelled'],
  ['REQUEUE_HOLD', 'RH', 'pending', 'cancelled'],
  ['SPECIAL_EXIT', 'SE', 'pending', 'cancelled'],
  ['STOPPED', 'ST', 'running', undefined],
  ['REVOKED', 'RV', 'cancelled', 'cancelled'],
  ['RESV_DEL_HOLD', 'RD', 'pending', undefined],
  ['SIGNALING', 'SI', 'running', undefined],
  ['STAGE_OUT', 'SO', undefined, undefined],
  ['LAUNCH_FAILED', undefined, 'failed', 'failed'],
  ['POWER_UP_NODE', undefined, 'running', undefined],
  ['RECONFIG_FAIL', undefined, undefined, undefined],
  ['UPDATE_DB', undefined, undefined, undefined],
  ['EXPEDITING', undefined, 'pending', undefined],
];
const reading = (rawState: string, state: Said) => (state ? { state, rawState } : { rawState });

test.each(WORDS)('%s, or %p, is %p now and %p at the end of a run', (word, code, now, ended) => {
  for (const text of [word, word.toLowerCase(), ` ${word} `, ...(code ? [code, code.toLowerCase()] : [])]) {
    expect(readState(text), text).toEqual(reading(word, now));
    expect(readState([text]), text).toEqual(reading(word, now));
    expect(readState(text, { isEnded: true }), text).toEqual(reading(word, ended));
  }
});

test('every word of the table is tried here, and none stands in it twice', () => {
  const words = SLURM_STATES.flatMap(({ word, code }) => (code ? [word, code] : [word]));
  expect(new Set(words).size).toBe(words.length);
  expect(words.sort()).toEqual(WORDS.flatMap(([word, code]) => (code ? [word, code] : [word])).sort());
});

const SEVERAL: [words: string | string[], word: string, now: Said, ended: Said][] = [
  ['CANCELLED by 1001', 'CANCELLED', 'cancelled', 'cancelled'],
  ['RUNNING,COMPLETING', 'RUNNING', 'running', undefined],
  ['TIMEOUT,COMPLETING', 'TIMEOUT', 'failed', 'failed'],
  [['TIMEOUT', 'COMPLETING'], 'TIMEOUT', 'failed', 'failed'],
  [['COMPLETING', 'TIMEOUT'], 'TIMEOUT', 'failed', 'failed'],
  [['COMPLETED', 'STAGE_OUT'], 'COMPLETED', 'completed', 'completed'],
  [['FAILED', 'REQUEUED', 'COMPLETING'], 'FAILED', 'failed', 'failed'],
  [['RUNNING', 'CONFIGURING', 'POWER_UP_NODE'], 'RUNNING', 'running', undefined],
  [['PENDING', 'COMPLETING'], 'PENDING', 'pending', undefined],
  [['PENDING', 'LAUNCH_FAILED', 'REQUEUE_HOLD'], 'PENDING', 'pending', 'cancelled'],
  [['PENDING', 'EXPEDITING'], 'PENDING', 'pending', undefined],
  [['PENDING', 'REVOKED'], 'REVOKED', 'cancelled', 'cancelled'],
  [['RUNNING', 'NEW_WORD'], 'RUNNING', 'running', undefined],
  [['NEW_WORD', 'RUNNING'], 'RUNNING', 'running', undefined],
];
test.each(SEVERAL)('of %j %s counts: %p now, %p at the end of a run', (words, word, now, ended) => {
  expect(readState(words)).toEqual(reading(word, now));
  expect(readState(words, { isEnded: true }).state).toBe(ended);
});

test('a run that ended by being requeued is cancelled, and says so', () => {
  const cancelled = { state: 'cancelled', rawState: 'REQUEUED' } as const;
  expect(readState('REQUEUED', { isEnded: true })).toEqual(cancelled);
  // JSON has the base state beside the flag, and slurmdbd keeps the flag alone: 0, which is PENDING.
  expect(readState(['PENDING', 'REQUEUED'], { isEnded: true })).toEqual(cancelled);
});

test.each([
  ['NEW_WORD', { rawState: 'NEW_WORD' }],
  ['New_Word by 7', { rawState: 'New_Word' }],
  [['NEW_WORD', 'OTHER'], { rawState: 'NEW_WORD' }],
  [['NEW_WORD', 'COMPLETING'], { rawState: 'COMPLETING' }],
  ['', {}],
  [' ', {}],
  [[], {}],
  [',', {}],
  ['?', {}],
  ['FOO-R', {}],
  ['R\u0000', {}],
  ['constructor', { rawState: 'constructor' }],
  ['x'.repeat(65), {}],
])('%j gives no state', (words, expected) => {
  expect(readState(words)).toEqual(expected);
});

test('any text gives a state of ours or none, and a word or none', () => {
  const known = fc.constantFrom(...WORDS.map(([word]) => word));
  const text = fc.oneof(known, fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(fc.oneof(text, fc.array(text, { maxLength: 5 })), fc.boolean(), (words, isEnded) => {
      const { state, rawState } = readState(words, { isEnded });
      if (state !== undefined) expect(JOB_STATES).toContain(state);
      if (rawState !== undefined) expect(rawState).toMatch(/^\w{1,64}$/);
    }),
    { numRuns: 3000 },
  );
});
