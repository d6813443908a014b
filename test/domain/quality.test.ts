import { expect, test } from 'bun:test';
import { typicalInterval } from '../../src/domain/interval.ts';
import { makePoints } from '../../src/domain/point-columns.ts';
import { judgeQuality } from '../../src/domain/quality.ts';
import type { NodeReadings } from '../../src/domain/readings.ts';
import { type NodeTrace, sampleTracer } from '../../src/domain/sample-trace.ts';

const S = 1000;

function rows(times: readonly number[]): NodeReadings {
  const none = new Float64Array(times.length);
  return { count: times.length, times: Float64Array.from(times), cpu: none, memory: none, gpu: none };
}

/** Times from one second to another, both included. */
const every = (seconds: number, from: number, to: number): number[] =>
  Array.from({ length: Math.floor((to - from) / seconds) + 1 }, (_, i) => (from + i * seconds) * S);

function traceOf(node: string, ...pieces: number[][]): NodeTrace {
  const tracer = sampleTracer(node);
  for (const piece of pieces) tracer.add(rows(piece));
  return tracer.trace();
}

test('the interval is the median distance, whatever the jitter and the gaps', () => {
  expect(typicalInterval(Float64Array.from([0, 10, 21, 30, 400, 410, 410, 420]))).toBe(10);
  expect(typicalInterval(Float64Array.from([5]))).toBe(0);
});

test('a trace counts samples and finds the times without any, across pieces too', () => {
  const trace = traceOf('n1', every(10, 0, 100), every(10, 160, 300));
  expect(trace).toMatchObject({ samples: 26, firstMs: 0, lastMs: 300 * S, intervalMs: 10 * S, missing: 5 });
  expect(trace.silences).toEqual([{ fromMs: 100 * S, toMs: 160 * S, missing: 5 }]);
});

test('an interval that changes is no gap', () => {
  expect(traceOf('n1', every(10, 0, 100), every(60, 160, 1000)).silences).toEqual([]);
});

test('points count with their samples, and lack whole quarters of an hour only', () => {
  const quarter = 15 * 60 * S;
  const points = makePoints(3);
  points.samples.set([90, 45, 90]);
  const tracer = sampleTracer('n1');
  tracer.add({ ...rows([0, quarter, 4 * quarter]), points });
  const trace = tracer.trace();
  expect(trace).toMatchObject({ samples: 225, intervalMs: 10 * S });
  expect(trace.silences).toHaveLength(1);
});

test('a complete run lacks nothing', () => {
  const traces = [traceOf('n1', every(10, 5, 595)), traceOf('n2', every(10, 9, 599))];
  const quality = judgeQuality({ nodes: ['n1', 'n2'], startMs: 0, endMs: 600 * S, hasEnded: true, traces });
  expect(quality).toEqual({
    expected: 120,
    received: 120,
    intervalMs: 10 * S,
    nodes: [
      { node: 'n1', expected: 60, received: 60, intervalMs: 10 * S },
      { node: 'n2', expected: 60, received: 60, intervalMs: 10 * S },
    ],
    gaps: [],
  });
});

test('says what is missing at the start, in between, at the end, and of nodes that never reported', () => {
  const traces = [traceOf('n1', every(10, 100, 200), every(10, 300, 400)), traceOf('n2', every(10, 0, 600))];
  const quality = judgeQuality({
    nodes: ['n1', 'n2', 'n3'],
    startMs: 0,
    endMs: 600 * S,
    hasEnded: true,
    traces,
  });
  expect(
    quality.gaps.map(({ why, fromMs, toMs, nodes, missing }) => [why, fromMs / S, toMs / S, nodes, missing]),
  ).toEqual([
    ['never', 0, 600, ['n3'], 60],
    ['not_yet', 0, 100, ['n1'], 9],
    ['node_silent', 200, 300, ['n1'], 9],
    ['no_more', 400, 600, ['n1'], 19],
  ]);
  expect(quality.nodes[0]).toMatchObject({ received: 22, expected: 22 + 9 + 9 + 19 });
  expect(quality.nodes[2]).toMatchObject({ received: 0, expected: 60 });
});

test('nodes that fell silent together are one gap of all', () => {
  const traces = ['n1', 'n2'].map((node, i) => traceOf(node, every(10, i, 200), every(10, 300 + 3 * i, 600)));
  const { gaps } = judgeQuality({ nodes: ['n1', 'n2'], startMs: 0, endMs: 600 * S, hasEnded: true, traces });
  expect(gaps.map(({ why, nodes }) => [why, nodes])).toEqual([['all_silent', ['n1', 'n2']]]);
});

test('of a running job the newest samples may be on their way', () => {
  const traces = [traceOf('n1', every(10, 0, 600))];
  const now = (seconds: number) =>
    judgeQuality({ nodes: ['n1'], startMs: 0, endMs: seconds * S, hasEnded: false, traces }).gaps.length;
  expect(now(655)).toBe(0);
  expect(now(700)).toBe(1);
});

test('nothing is expected of a run that nobody measured', () => {
  const quality = judgeQuality({ nodes: ['n1'], startMs: 0, endMs: 600 * S, hasEnded: true, traces: [] });
  expect(quality).toEqual({
    expected: 0,
    received: 0,
    nodes: [{ node: 'n1', expected: 0, received: 0 }],
    gaps: [],
  });
});
