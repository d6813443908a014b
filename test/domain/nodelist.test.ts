import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { AppError } from '../../src/domain/errors.ts';
import { isIdentity } from '../../src/domain/identity.ts';
import { expandLists, expandNodes, splitLists } from '../../src/domain/nodelist.ts';

const LISTS: [text: string, nodes: string][] = [
  ['login1', 'login1'],
  ['login', 'login'],
  ['n[1-3]', 'n1 n2 n3'],
  ['n[01-03,7]', 'n01 n02 n03 n7'],
  ['n[08-11]', 'n08 n09 n10 n11'],
  ['n[1-010]', 'n1 n2 n3 n4 n5 n6 n7 n8 n9 n10'],
  ['n[099-101]', 'n099 n100 n101'],
  ['n[3,1-2]', 'n3 n1 n2'],
  ['n[1-3,2]', 'n1 n2 n3 n2'],
  ['n1,n1', 'n1 n1'],
  ['n[7-7]', 'n7'],
  ['[1-3]', '1 2 3'],
  ['[1-2][3-4]', '13 14 23 24'],
  ['r[1-2]n[01-03],login1', 'r1n01 r1n02 r1n03 r2n01 r2n02 r2n03 login1'],
  ['r[1-2,2]n[2,1]', 'r1n2 r1n1 r2n2 r2n1 r2n2 r2n1'],
  ['a[1-2]b[1]c[1-2]', 'a1b1c1 a1b1c2 a2b1c1 a2b1c2'],
  // Of three brackets the second counts slowest. So does Slurm.
  ['a[1-2]b[1-2]c[1-2]', 'a1b1c1 a1b1c2 a2b1c1 a2b1c2 a1b2c1 a1b2c2 a2b2c1 a2b2c2'],
  ['a[1-2]b[1-2]c[1]', 'a1b1c1 a2b1c1 a1b2c1 a2b2c1'],
  ['n[1-2]-ib', 'n1-ib n2-ib'],
  ['n[1-2]-ib[0-1].x,m', 'n1-ib0.x n1-ib1.x n2-ib0.x n2-ib1.x m'],
  ['n1,m[1-2],x-y.z_0', 'n1 m1 m2 x-y.z_0'],
  [' n1 , n2\tn3\r\nn[4-5]\n', 'n1 n2 n3 n4 n5'],
  [',n1,,n2,', 'n1 n2'],
  ['n[99999999999999999999]', 'n99999999999999999999'],
  ['n[999999999999998-999999999999999]', 'n999999999999998 n999999999999999'],
  ['ö[1-2]🧪', 'ö1🧪 ö2🧪'],
  ['n{1-2}', 'n{1-2}'],
  ['', ''],
  ['  ', ''],
  [',', ''],
  ['None assigned', ''],
  ['(null)', ''],
  ['n/a', ''],
  ['N/A', ''],
];
test.each(LISTS)('expandNodes expands %j to the nodes %j', (text, nodes) => {
  expect(expandNodes(text).join(' ')).toBe(nodes);
});

test('a node list with more nodes than allowed is refused', () => {
  expect(expandNodes('n[1-100000]')).toHaveLength(100_000);
  expect(expandNodes('r[1-4]n[1-5]', 20)).toHaveLength(20);
  expect(expandNodes('a,b', 2)).toEqual(['a', 'b']);
  for (const text of ['n[1-100001]', 'n[1-100000],m', 'r[1-1000]n[1-101]', 'm,r[1-10]n[1-10000]']) {
    expect(() => expandNodes(text), text).toThrow('has more than 100000 nodes.');
  }
  for (const text of ['r[1-3]n[1-7]', 'a,n[1-20]', 'n[1-10,1-11]']) {
    expect(() => expandNodes(text, 20), text).toThrow('has more than 20 nodes.');
  }
});

test('expandLists returns each node once and limits all lists together, repeats included', () => {
  expect(expandLists(['n[1-3]', 'None assigned', 'n2,m', ''])).toEqual(['n1', 'n2', 'n3', 'm']);
  expect(expandLists(['n[1-10]', 'm[1-10]'], 20)).toHaveLength(20);
  for (const lists of [['n[1-10]', 'm[1-11]'], ['n[1-21]'], Array(21).fill('n'), ['n[1-20]', 'n[1-20]']]) {
    expect(() => expandLists(lists, 20), String(lists)).toThrow('have more than 20 nodes together.');
  }
  expect(() => expandLists(['n[1-10]', 'n[1']), 'broken').toThrow('"n[1" has an unmatched bracket');
});

test('expandLists refuses 20,000 lists of 99,999 nodes within two seconds', () => {
  const startMs = performance.now();
  expect(() => expandLists(Array(20_000).fill('n[1-99999]'))).toThrow('together');
  expect(performance.now() - startMs).toBeLessThan(2000);
});

test('a node name may have 256 characters, however many UTF-16 units they take', () => {
  const long = 'x'.repeat(254);
  expect(expandNodes(`${long}[9-10]`)).toEqual([`${long}9`, `${long}10`]);
  expect(expandNodes(`[9-10]${'🧪'.repeat(254)}`)).toHaveLength(2);
});

const REFUSED: [text: string, fault: string][] = [
  ['n[1', 'The node list "n[1" has an unmatched bracket.'],
  ['n1]', 'has an unmatched bracket.'],
  ['n[1-[2]]', 'has an unmatched bracket.'],
  ['n[[1-2]]', 'has an unmatched bracket.'],
  ['n]1-2[', 'has an unmatched bracket.'],
  ['n[5-1]', 'The node list "n[5-1]" has "5-1" in brackets, which is not an ascending range'],
  ['n[1-9999999999999999]', 'which is not an ascending range of numbers with at most 15 digits.'],
  ['n[1-999999999999]', 'has more than 100000 nodes.'],
  ['n[]', 'has "" in brackets, which is neither a number nor a range.'],
  ['n[1,,2]', 'has "" in brackets, which is neither a number nor a range.'],
  ['n[1-]', 'has "1-" in brackets, which is neither a number nor a range.'],
  ['n[-2]', 'has "-2" in brackets, which is neither a number nor a range.'],
  ['n[1-2-3]', 'has "1-2-3" in brackets, which is neither a number nor a range.'],
  ['n[a-b]', 'has "a-b" in brackets, which is neither a number nor a range.'],
  ['n[1, 2]', 'has " 2" in brackets, which is neither a number nor a range.'],
  ['n[1;2]', 'in brackets, which is neither a number nor a range.'],
  ['n[1e3]', 'in brackets, which is neither a number nor a range.'],
  ['n[١-٢]', 'in brackets, which is neither a number nor a range.'],
  ['n\u0000', 'control characters.'],
  ['n[1-2]\u001b', 'control characters.'],
  ['\ud800', 'control characters.'],
  ['x'.repeat(257), 'has a name with more than 256 characters'],
  [`${'x'.repeat(255)}[9-10]`, 'has a name with more than 256 characters'],
];
test.each(REFUSED)('the node list %j is refused with: %s', (text, fault) => {
  expect(() => expandNodes(text)).toThrow(fault);
});

const MEGABYTE = 1_000_000;
const repeat = (text: string) => text.repeat(MEGABYTE / text.length);
const HOSTILE: [title: string, text: string][] = [
  ['one name', repeat('n')],
  ['open brackets', repeat('[')],
  ['closed brackets', repeat(']')],
  ['an open bracket and numbers', `[${repeat('1')}`],
  ['pairs of open brackets', repeat('n[1-2')],
  ['nested brackets', `${'['.repeat(MEGABYTE / 2)}${']'.repeat(MEGABYTE / 2)}`],
  ['brackets of two', repeat('[1-2]')],
  ['brackets of one', repeat('[1]')],
  ['brackets of one after a large one', `[1-100000]${repeat('a[1]')}`],
  ['large brackets', repeat('[1-100000]')],
  ['names of large brackets', repeat('[1-99999],')],
  ['one bracket of numbers', `n[${repeat('1,')}1]`],
  ['one bracket of large ranges', `n[${repeat('1-99999,')}1]`],
  ['one long number', `n[${repeat('9')}]`],
  ['a range of long numbers', `n[${repeat('1')}-${repeat('2')}]`],
  ['short names', repeat('n,')],
  ['control characters', repeat('\u0001')],
];
test.each(HOSTILE)(
  'a node list of one megabyte of %s is refused at once, in one short sentence',
  (_, text) => {
    const startMs = performance.now();
    let fault: unknown;
    try {
      expandNodes(text);
    } catch (thrown) {
      fault = thrown;
    }
    expect(performance.now() - startMs).toBeLessThan(5000);
    expect(fault).toBeInstanceOf(AppError);
    expect((fault as AppError).code).toBe('validation_error');
    expect((fault as AppError).message).toMatch(/^The node list ".{0,700} has .{1,700}\.$/);
  },
);

test('a megabyte of white space expands to no nodes', () => {
  expect(expandNodes(repeat(' '))).toEqual([]);
  expect(expandNodes(repeat(' ,'))).toEqual([]);
});

test('250 brackets with one number each do not repeat the expansion of 100,000 nodes', () => {
  const startMs = performance.now();
  expect(expandNodes(`[1-100000]${'[1]'.repeat(250)}`)).toHaveLength(100_000);
  expect(performance.now() - startMs).toBeLessThan(1000);
});

test('100,000 nodes are expanded soon', () => {
  const lists = ['n[000001-100000]', 'r[001-100]c[01-10]n[001-100]', 'n[1-100000]-ib.cluster.example'];
  for (const list of lists) {
    let bestMs = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 5; turn++) {
      const startMs = performance.now();
      expect(expandNodes(list)).toHaveLength(100_000);
      bestMs = Math.min(bestMs, performance.now() - startMs);
    }
    expect(bestMs, list).toBeLessThan(3000);
  }
});

const MANY = 2000;

interface Range {
  readonly first: number;
  readonly count: number;
  readonly width: number;
}
const range = fc.record<Range>({
  first: fc.oneof(fc.nat(12), fc.nat(1200), fc.constantFrom(9, 99, 999, 9999)),
  count: fc.integer({ min: 1, max: 4 }),
  width: fc.integer({ min: 0, max: 5 }),
});
const literal = fc.string({
  unit: fc.constantFrom('n', 'r', 'x', '-', '.', '_', '0', '1', '9', 'ö'),
  minLength: 1,
  maxLength: 5,
});
const part = fc.oneof(literal, fc.array(range, { minLength: 1, maxLength: 3 }));
const name = fc.array(part, { minLength: 1, maxLength: 5 });

const pad = (number: number, width: number) => String(number).padStart(width, '0');
const writeRange = ({ first, count, width }: Range) =>
  count === 1 ? pad(first, width) : `${pad(first, width)}-${first + count - 1}`;
const countUp = ({ first, count, width }: Range) =>
  Array.from({ length: count }, (_, at) => pad(first + at, width));

/** Expands one name: a counter over all its brackets; the last varies fastest, then the first, the second… */
function nodesOf(parts: readonly (string | Range[])[]): string[] {
  const choices = parts.map((part) => (typeof part === 'string' ? [part] : part.flatMap(countUp)));
  const brackets = [...parts.keys()].filter((at) => typeof parts[at] !== 'string');
  const wheels = [...brackets.slice(-1), ...brackets.slice(0, -1)];
  const total = wheels.reduce((product, at) => product * choices[at]!.length, 1);
  return Array.from({ length: Math.min(total, MANY + 1) }, (_, turn) => {
    let left = turn;
    const chosen = new Map<number, number>();
    for (const at of wheels) {
      chosen.set(at, left % choices[at]!.length);
      left = Math.floor(left / choices[at]!.length);
    }
    return choices.map((texts, at) => texts[chosen.get(at) ?? 0]).join('');
  });
}

test('a generated node list expands to the nodes it was generated from', () => {
  fc.assert(
    fc.property(fc.array(name, { maxLength: 4 }), fc.constantFrom(',', ', ', ' ', '\n'), (names, gap) => {
      const text = names
        .map((parts) =>
          parts.map((part) => (typeof part === 'string' ? part : `[${part.map(writeRange)}]`)).join(''),
        )
        .join(gap);
      const expected = names.flatMap(nodesOf);
      if (expected.length <= MANY) expect(expandNodes(text, MANY)).toEqual(expected);
      else expect(() => expandNodes(text, MANY)).toThrow(`has more than ${MANY} nodes.`);
    }),
    { numRuns: 3000 },
  );
});

test('expandNodes returns valid names within the limit for any text, or throws an AppError', () => {
  const unit = fc.constantFrom(
    'n',
    '1',
    '0',
    '9',
    '-',
    ',',
    '[',
    ']',
    '[1-3]',
    '[08-11]',
    ' ',
    '\u0007',
    '🧪',
  );
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit, maxLength: 60 }), fc.string({ unit: 'binary' })), (text) => {
      try {
        const nodes = expandNodes(text, 200);
        expect(nodes.length).toBeLessThanOrEqual(200);
        expect(nodes.every(isIdentity)).toBe(true);
      } catch (fault) {
        expect(fault).toBeInstanceOf(AppError);
      }
    }),
    { numRuns: 5000 },
  );
});

test('several lists are split at the commas outside of brackets', () => {
  expect(splitLists('n[1-2,4],m1,,odd[7,x]')).toEqual(['n[1-2,4]', 'm1', '', 'odd[7,x]']);
  expect(splitLists('odd[7,x')).toEqual(['odd[7', 'x']);
  expect(splitLists(',')).toEqual(['', '']);
});
