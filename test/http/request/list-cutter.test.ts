import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { ListCutter } from '../../../src/http/request/list-cutter.ts';

const COLUMNS = { names: new Set<string>(), maxRows: 1000, maxRowLength: 100 };
const LIMITS = { name: 'rows', maxRows: 1000, maxRowLength: 100, groups: new Map([['columns', COLUMNS]]) };
const PIECE = 50;

/**
 * Cuts a text in pieces of `length` until it is refused. Returns the rows and the number of characters read.
 */
function cut(text: string, length = PIECE, limits = LIMITS) {
  const cutter = new ListCutter(limits);
  const rows: unknown[] = [];
  const columns: Record<string, unknown[]> = {};
  let commas: number | undefined;
  let consumed = 0;
  let refusal: string | undefined;
  try {
    for (; consumed < text.length; consumed += length) {
      for (const portion of cutter.cut(text.slice(consumed, consumed + length))) {
        const values = JSON.parse(`[${portion.text}]`);
        const { group, name } = portion;
        if (group === undefined) rows.push(...values);
        else {
          columns[`${group}.${name}`] ??= [];
          columns[`${group}.${name}`]!.push(...values);
        }
        commas = portion.commas ?? commas;
      }
    }
  } catch (error) {
    refusal = (error as Error).message;
  }
  return { rows, columns, commas, cutter, consumed, refusal };
}

const value = fc.jsonValue({ maxDepth: 3 });

test('ListCutter returns all rows unchanged and keeps the text outside them, wherever the pieces end', () => {
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 20 }),
      fc.dictionary(fc.string(), value, { maxKeys: 3 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(undefined, 1, '\t'),
      (rows, others, length, indent) => {
        const { rows: _, ...rest } = others;
        const text = JSON.stringify({ ...rest, rows, last: 1 }, null, indent);
        const found = cut(text, length, { ...LIMITS, maxRowLength: 100_000 });
        expect([found.refusal, found.rows, found.cutter.hasRows]).toEqual([
          undefined,
          JSON.parse(JSON.stringify(rows)),
          true,
        ]);
        expect(found.commas).toBe(Math.max(0, rows.length - 1));
        expect(JSON.parse(found.cutter.outside)).toEqual({ ...JSON.parse(text), rows: [] });
      },
    ),
    { numRuns: 1000 },
  );
});

test('ListCutter returns the values of all columns and keeps what is no list, wherever the pieces end', () => {
  const name = fc.stringMatching(/^[a-z_]{1,9}$/);
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.oneof(fc.array(value, { maxLength: 20 }), fc.string(), fc.integer()), {
        maxKeys: 5,
      }),
      fc.array(value, { maxLength: 20 }),
      fc.dictionary(name, value, { maxKeys: 3 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(undefined, 1, '\t'),
      (columns, rows, report, length, indent) => {
        const text = JSON.stringify({ report, columns, rows, columnz: { a: [1] } }, null, indent);
        const found = cut(text, length, {
          ...LIMITS,
          maxRowLength: 100_000,
          groups: new Map([['columns', { ...COLUMNS, maxRowLength: 100_000 }]]),
        });
        const lists = Object.entries(columns).filter(([, list]) => Array.isArray(list));
        const whole = JSON.parse(text);
        expect([found.refusal, found.rows]).toEqual([undefined, whole.rows]);
        expect(found.columns).toEqual(
          Object.fromEntries(lists.map(([key]) => [`columns.${key}`, whole.columns[key]])),
        );
        const empty = Object.fromEntries(lists.map(([key]) => [key, []]));
        expect(JSON.parse(found.cutter.outside)).toEqual({
          ...whole,
          rows: [],
          columns: { ...whole.columns, ...empty },
        });
      },
    ),
    { numRuns: 1000 },
  );
});

test.each([
  ['{"rowz":[1,2]}'],
  ['{"a":{"rows":[1,2]}}'],
  ['{"a":"\\"rows\\":","b":[1]}'],
  ['[[1,2]]'],
  ['{"rows":{"a":1}}'],
])('%s has no array called rows at its top level', (text) => {
  const { rows, cutter, refusal } = cut(text, 3);
  expect([rows, cutter.hasRows, cutter.outside, refusal]).toEqual([[], false, text, undefined]);
});

const FOREVER = 1_000_000;
const REFUSED: [body: string, message: string][] = [
  [`{"rows":[${'{},'.repeat(FOREVER)}{}]}`, 'rows has more than the allowed 1000 rows'],
  [`{"rows":[${'0,'.repeat(FOREVER)}0]}`, 'rows has more than the allowed 1000 rows'],
  [`{"rows":[1,${' '.repeat(FOREVER)}]}`, 'rows.1 has more than 100 characters'],
  [`{"rows":[{${'"a":0,'.repeat(FOREVER)}`, 'rows.0 has more than 100 characters'],
  [`{"rows":["${'x'.repeat(FOREVER)}"]}`, 'rows.0 has more than 100 characters'],
  [`{"rows":[${'['.repeat(FOREVER)}`, 'nested deeper than 32 levels'],
  [`{"columns":{"a":[${'0,'.repeat(FOREVER)}0]}}`, 'columns.a has more than the allowed 1000 rows'],
  [`{"columns":{"a":["${'x'.repeat(FOREVER)}"]}}`, 'columns.a.0 has more than 100 characters'],
  [`{"columns":{"a":[],"a":[${' '.repeat(FOREVER)}`, 'contains columns.a more than once'],
  [`{"columns":{"a":"${'x'.repeat(FOREVER)}"}}`, 'more than 65536 characters outside rows'],
  [`{"columns":{"a":{"b":[${'0,'.repeat(FOREVER)}`, 'more than 65536 characters outside rows'],
  [`{"rows":[],"rows":[${' '.repeat(FOREVER)}`, 'contains rows more than once'],
  [`${' '.repeat(FOREVER)}{"rows":[]}`, 'more than 65536 characters outside rows'],
  [`{"a":"${'x'.repeat(FOREVER)}","rows":[]}`, 'more than 65536 characters outside rows'],
  [`{"a":{${Array.from({ length: FOREVER / 10 }, (_, at) => `"${at}":0`)}}}`, 'more than 1000 keys'],
];
test.each(REFUSED)('the batch %.40s… is refused before much of it is read: %s', (body, message) => {
  const { refusal, consumed } = cut(body);
  expect(refusal).toContain(message);
  expect(consumed).toBeLessThan(70_000);
});
