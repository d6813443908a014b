import { describe, expect, test } from 'bun:test';
import { judgeRun } from '../../../src/domain/finding/judge.ts';
import { factsOf, GB, type Given, usage } from '../../help/run-facts.ts';

const judge = (given: Given) => judgeRun(factsOf(given));
const kinds = (given: Given) => judge(given).findings.map(({ kind }) => kind);

describe('a run that used what it asked for', () => {
  test('has no finding, and says what was looked at', () => {
    expect(judge({ job: { details: { gpus: 4 } } })).toEqual({
      sentence: 'Nothing is amiss in what was measured.',
      findings: [],
      fine: ['end', 'gpu', 'cpu', 'memory', 'time'],
      unjudged: [],
    });
  });
});

describe('GPUs', () => {
  test('never used are a waste', () => {
    const verdict = judge({ job: { details: { gpus: 4 } }, whole: usage(95, 90 * GB, 0) });
    expect(verdict.sentence).toBe('It held 4 GPUs and used none in 1 h.');
    expect(verdict.findings[0]).toMatchObject({ kind: 'gpu-unused', severity: 'waste', nodes: ['n1'] });
  });

  test('of one node of two never used name that node', () => {
    const nodes = { n1: usage(95, 40 * GB, 90), n2: usage(95, 40 * GB, 0) };
    const { findings } = judge({ job: { details: { gpus: 8 } }, whole: usage(95, 80 * GB, 45), nodes });
    expect(findings).toMatchObject([{ kind: 'gpu-unused', nodes: ['n2'] }]);
    expect(findings[0]!.message).toBe('The GPUs of n2 were never used in 1 h.');
  });

  test('say how many would do if one of them was never used', () => {
    const load = (mean: number) => ({ mean, max: mean });
    const gpus = [90, 0, 85, 91].map((use, index) => ({
      gpu: `GPU-${index}`,
      utilizationPercent: load(use),
    }));
    const whole = usage(95, 90 * GB, 66);
    const [finding] = judge({
      job: { details: { gpus: 4 } },
      whole,
      nodes: { n1: { ...whole, gpus } },
    }).findings;
    expect(finding).toMatchObject({ kind: 'gpu-unused', action: '--gpus=3', nodes: ['n1'] });
    expect(finding!.message).toBe('1 of 4 GPUs was never used in 1 h.');
  });

  test('that nobody could read are not judged, rather than unused', () => {
    const verdict = judge({ job: { details: { gpus: 4 } }, whole: usage(95, 90 * GB) });
    expect(verdict.findings).toEqual([]);
    expect(verdict.unjudged).toEqual([{ subject: 'gpu', why: 'no GPU could be read' }]);
  });
});

describe('CPUs', () => {
  test('hardly used are a waste, with how many would do', () => {
    const [finding] = judge({ whole: usage(3, 90 * GB) }).findings;
    expect(finding).toMatchObject({ kind: 'cpu-idle', action: '--cpus-per-task=1' });
    expect(finding!.message).toBe('32 CPUs were 3 % busy on average in 1 h, 3 % at most.');
  });

  test.each([
    ['beside GPUs at work', { whole: usage(3, 90 * GB, 70) }],
    ['if there are only two', { whole: usage(3, 90 * GB), job: { details: { cpus: 2 } } }],
  ] as [string, Given][])('are fine %s', (_, given) => {
    expect(kinds(given)).toEqual([]);
  });
});

describe('nodes', () => {
  test('that did nothing beside a busy one are named', () => {
    const nodes = { n1: usage(98, 40 * GB), n2: usage(0.2, 40 * GB), n3: usage(97, 10 * GB) };
    const [finding] = judge({ whole: usage(65, 90 * GB), nodes }).findings;
    expect(finding).toMatchObject({ kind: 'nodes-unused', nodes: ['n2'], action: '--nodes=2' });
  });

  test('that sent nothing are not called idle', () => {
    const nodes = { n1: usage(98, 90 * GB) };
    const verdict = judge({ job: { nodes: ['n1', 'n2'] }, whole: usage(98, 90 * GB), nodes });
    expect(verdict.unjudged).toEqual([{ subject: 'nodes', why: '1 node of 2 sent nothing' }]);
  });
});

describe('memory', () => {
  test('near its limit is harm, also in a run too short for other rules', () => {
    const whole = { ...usage(95, 97 * GB), samples: 3, observedSeconds: 45 };
    const [finding] = judge({ whole }).findings;
    expect(finding).toMatchObject({ kind: 'memory-near-limit', severity: 'harm' });
    expect(finding!.message).toContain('97 GB, 97 % of its limit of 100 GB');
  });

  test('far below what was asked for is a waste once the job has ended', () => {
    const given: Given = { whole: usage(95, 10 * GB) };
    expect(judge(given).findings).toMatchObject([{ kind: 'memory-unused', action: '--mem=12G' }]);
    expect(kinds({ ...given, job: { state: 'running' } })).toEqual([]);
  });

  test('of little is not worth a word', () => {
    expect(kinds({ whole: usage(95, 500), job: { details: { memoryLimitMb: 4 * GB } } })).toEqual([]);
  });
});

describe('the end', () => {
  test.each([
    ['TIMEOUT', 'ended-by-time-limit', 'It was ended at its time limit of 1 h.'],
    [
      'OUT_OF_MEMORY',
      'ended-by-memory',
      'It was killed because it reached its memory limit of 100 GB on n1; the most that was measured is 90 GB.',
    ],
    ['NODE_FAIL', 'ended-by-node', 'Its node n1 failed.'],
  ])('%s is explained', (rawState, kind, message) => {
    const [finding] = judge({
      job: { state: 'failed', details: { rawState, timeLimitSeconds: 3600 } },
    }).findings;
    expect(finding).toMatchObject({ kind, message, severity: 'harm' });
  });

  test('by memory is said once', () => {
    const job = { state: 'failed', details: { rawState: 'OUT_OF_MEMORY' } } as const;
    expect(kinds({ job, whole: usage(95, 100 * GB) })).toEqual(['ended-by-memory']);
  });

  test('with an exit code says it', () => {
    const verdict = judge({ job: { state: 'failed', details: { rawState: 'FAILED', exitCode: 137 } } });
    expect(verdict.sentence).toBe(
      'It ended with exit code 137, which shells give for signal 9 (SIGKILL): killed by Slurm after its time, by the kernel for memory, or by scancel.',
    );
  });

  test('comes before waste', () => {
    const job = { state: 'failed', details: { rawState: 'TIMEOUT', gpus: 4 } } as const;
    expect(kinds({ job, whole: usage(2, 90 * GB, 0) })).toEqual([
      'ended-by-time-limit',
      'gpu-unused',
      'cpu-idle',
    ]);
  });
});

describe('a run that was hardly measured', () => {
  test('is not judged, and says why', () => {
    const verdict = judge({ whole: { samples: 0, observedSeconds: 0 }, nodes: {}, job: { nodes: ['n1'] } });
    expect(verdict.fine).toEqual(['end', 'time']);
    expect(verdict.findings).toEqual([]);
    expect(verdict.sentence).toBe('Too little was measured to judge it.');
    expect(verdict.unjudged.map(({ why }) => why)).toEqual(['nothing was measured', 'nothing was measured']);
  });

  test('waits if it is pending', () => {
    const job = { state: 'pending', details: { rawState: 'PENDING' } } as const;
    expect(judge({ job, whole: { samples: 0, observedSeconds: 0 }, nodes: {} }).sentence).toBe('It waits.');
  });
});
