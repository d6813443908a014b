import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { JOB_STATES, type JobState } from '../../../src/domain/job.ts';
import { readState, SLURM_STATES } from '../../../src/slurm/values/state.ts';

type Meaning = JobState | undefined;

const WORDS: [word: string, code: string | undefined, now: Meaning, ended: Meaning][] = [
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
const reading = (rawState: string, state: Meaning) => (state ? { state, rawState } : { rawState });

test.each(WORDS)(
  'Slurm state %s, or %p, means %p for a job as it is now and %p for an ended run',
  (word, code, now, ended) => {
    for (const text of [word, word.toLowerCase(), ` ${word} `, ...(code ? [code, code.toLowerCase()] : [])]) {
      expect(readState(text), text).toEqual(reading(word, now));
      expect(readState([text]), text).toEqual(reading(word, now));
      expect(readState(text, { isEnded: true }), text).toEqual(reading(word, ended));
    }
  },
);

test('every word of SLURM_STATES is tested here and occurs only once', () => {
  const words = SLURM_STATES.flatMap(({ word, code }) => (code ? [word, code] : [word]));
  expect(new Set(words).size).toBe(words.length);
  expect(words.sort()).toEqual(WORDS.flatMap(([word, code]) => (code ? [word, code] : [word])).sort());
});

const SEVERAL: [words: string | string[], word: string, now: Meaning, ended: Meaning][] = [
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
test.each(SEVERAL)(
  'in the state %j the word %s decides: %p for a job as it is now, %p for an ended run',
  (words, word, now, ended) => {
    expect(readState(words)).toEqual(reading(word, now));
    expect(readState(words, { isEnded: true }).state).toBe(ended);
  },
);

test('a run that ended by being requeued is read as cancelled, with REQUEUED as its raw state', () => {
  const cancelled = { state: 'cancelled', rawState: 'REQUEUED' } as const;
  expect(readState('REQUEUED', { isEnded: true })).toEqual(cancelled);
  // JSON has the base state beside the flag; slurmdbd stores
  // only the flag, so the base state reads as 0, PENDING.
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
])('the state %j has no meaning', (words, expected) => {
  expect(readState(words)).toEqual(expected);
});

test('readState returns a known state or none, and a word or none, for any text', () => {
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
