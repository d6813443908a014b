import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { compareFurther, mergeSamples, type SampleColumns } from '../../src/domain/readings.ts';

interface One {
  readonly timeMs: number;
  readonly cpu: number;
  readonly further: readonly (number | undefined)[];
}

const KEYS = [
  { code: 1, gpu: '' },
  { code: 28, gpu: 'GPU-a' },
  { code: 25, gpu: 'GPU-b' },
];

function columnsOf(list: readonly One[]): SampleColumns {
  const column = (pick: (one: One) => number) => Float64Array.from(list, pick);
  const further = KEYS.map((key, place) => ({
    ...key,
    values: column((one) => one.further[place] ?? Number.NaN),
  }));
  const measured = further.filter(({ values }) => !values.every(Number.isNaN)).sort(compareFurther);
  return {
    count: list.length,
    times: column(({ timeMs }) => timeMs),
    cpu: column(({ cpu }) => cpu),
    memory: column(({ cpu }) => 2 * cpu),
    gpu: column(({ cpu }) => (cpu % 2 === 0 ? cpu : Number.NaN)),
    ...(measured.length > 0 && { further: measured }),
  };
}

const listed = ({ times, cpu, memory, gpu, further }: SampleColumns) => ({
  columns: [times, cpu, memory, gpu].map((column) => [...column]),
  further: further?.map(({ values, ...key }) => ({ ...key, values: [...values] })),
});

test('samples are merged by time, those of the first list first, each with its further measures', () => {
  const one = fc.record({
    timeMs: fc.nat(20),
    cpu: fc.nat(1000),
    further: fc.tuple(
      fc.option(fc.nat(9), { nil: undefined }),
      fc.option(fc.nat(9), { nil: undefined, freq: 1 }),
      fc.option(fc.nat(9), { nil: undefined, freq: 1 }),
    ),
  });
  const list = fc.array(one, { maxLength: 20 }).map((all) => all.toSorted((a, b) => a.timeMs - b.timeMs));
  const narrow = list.map((all) => all.map((each) => ({ ...each, further: [] })));
  const any = fc.oneof(list, narrow);
  fc.assert(
    fc.property(any, any, (first, second) => {
      const merged = mergeSamples(columnsOf(first), columnsOf(second));
      const wanted = [...first, ...second].sort((a, b) => a.timeMs - b.timeMs);
      expect(listed(merged)).toEqual(listed(columnsOf(wanted)));
    }),
    { numRuns: 500 },
  );
});
