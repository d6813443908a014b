import { expect, test } from 'bun:test';
import { storeFailed, writeNotStored } from '../src/domain/errors.ts';
import { createLog, LOG_LEVELS, type LogFormat, type LogLevel } from '../src/log.ts';
import { NOON_MS } from './help/clock.ts';

function logTo(format: LogFormat, level: LogLevel = 'debug') {
  const lines: string[] = [];
  return { log: createLog({ level, format, write: (line) => lines.push(line), now: () => NOON_MS }), lines };
}

const TEXT: [event: string, fields: Record<string, unknown>, line: string][] = [
  ['started', {}, 'started'],
  ['request', { method: 'GET', status: 200, ms: 1.5 }, 'request method=GET status=200 ms=1.5'],
  ['request', { route: '/v1/jobs/:jobId' }, 'request route=/v1/jobs/:jobId'],
  ['odd', { text: 'two words', empty: '' }, 'odd text="two words" empty=""'],
  ['odd', { text: 'a\nb "c"' }, 'odd text="a\\nb \\"c\\""'],
  ['odd', { a: true, b: null, c: undefined }, 'odd a=true b=null c=undefined'],
];
test.each(TEXT)('as text, %s with %j is one line', (event, fields, rest) => {
  const { log, lines } = logTo('text');
  log.info(event, fields);
  expect(lines).toEqual([`2026-01-20T12:00:00.000Z INFO  ${rest}\n`]);
});

test('as JSON, an event is one object on one line', () => {
  const { log, lines } = logTo('json');
  log.warn('odd', { text: 'a\n"b"', number: 1.5, nothing: null });
  log.error('alone');
  expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      time: '2026-01-20T12:00:00.000Z',
      level: 'warn',
      event: 'odd',
      text: 'a\n"b"',
      number: 1.5,
      nothing: null,
    },
    { time: '2026-01-20T12:00:00.000Z', level: 'error', event: 'alone' },
  ]);
});

test.each(LOG_LEVELS)('from level %s on, lines are written', (level) => {
  const { log, lines } = logTo('json', level);
  for (const one of LOG_LEVELS) log[one]('event');
  expect(lines.map((line) => JSON.parse(line).level)).toEqual(LOG_LEVELS.slice(LOG_LEVELS.indexOf(level)));
});

test.each(['text', 'json'] as const)('as %s, an error is told with its causes, on one line', (format) => {
  const { log, lines } = logTo(format);
  const root = new TypeError('no such disk');
  const cause = new Error('commit failed', { cause: new Error('sync failed', { cause: root }) });
  log.error('request failed', { cause });
  expect(lines).toHaveLength(1);
  expect(lines[0]!.indexOf('\n')).toBe(lines[0]!.length - 1);
  const parts = ['Error: commit failed', '; caused by Error: sync failed', '; caused by ', 'no such disk'];
  let at = -1;
  for (const part of parts) {
    const next = lines[0]!.indexOf(part, at + 1);
    expect({ part, isFoundInOrder: next > at }).toEqual({ part, isFoundInOrder: true });
    at = next;
  }
  expect(lines[0]).toContain('log.test.ts');
});

test('an error of a disk is told without a stack, which would say nothing more', () => {
  const { log, lines } = logTo('json');
  log.warn('retention_failed', { cause: writeNotStored('a.db was removed.') });
  log.error('store_failed', { cause: storeFailed(new TypeError('a bug')) });
  const [refused, failed] = lines.map((line) => JSON.parse(line).cause as string);
  expect(refused).toMatch(/^AppError: The write could not be stored: [^;]*; caused by a\.db was removed\.$/);
  expect(failed).toMatch(/; caused by TypeError: a bug\n.*log\.test\.ts/);
});
