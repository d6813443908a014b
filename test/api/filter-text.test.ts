import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { KEYS, queryOf, readFilter, splitFilter, writeTerm } from '../../src/api/filter-text.ts';
import { LIST_PARAMETERS } from '../../src/api/job-list.ts';
import { readListRequest } from '../../src/http/request/job-list.ts';

const NOW = Date.UTC(2026, 0, 20, 10, 0, 30);
const query = (text: string) => queryOf(readFilter(text, NOW));
const faults = (text: string) => readFilter(text, NOW).flatMap(({ fault }) => fault ?? []);

describe('a filter', () => {
  test.each([
    ['', {}],
    ['user:alice state:failed', { user: 'alice', state: 'failed' }],
    ['state:FAILED,cancelled', { state: 'failed,cancelled' }],
    ['raw:timeout', { raw_state: 'timeout' }],
    ['reason:priority', { reason: 'priority' }],
    ['array:4711', { array_job_id: '4711' }],
    ['name:"my job" x', { name: 'my job', q: 'x' }],
    ['name:train*', { name: 'train*' }],
    ['name:"say ""hi"" twice"', { name: 'say "hi" twice' }],
    ['node:n[1-8,12]', { node: 'n[1-8,12]' }],
    ['node:n[1-8] node:m1', { node: 'n[1-8],m1' }],
    ['nodes>4', { min_nodes: '5' }],
    ['nodes>=4 nodes<8', { min_nodes: '4', max_nodes: '7' }],
    ['cpus>64', { min_cpus: '65' }],
    ['gpus>=1', { min_gpus: '1' }],
    ['gpus:0', { min_gpus: '0', max_gpus: '0' }],
    ['nodes=2', { min_nodes: '2', max_nodes: '2' }],
    ['cpu<10', { max_cpu_usage: '9.999999' }],
    ['cpu<=10%', { max_cpu_usage: '10' }],
    ['gpu>0', { min_gpu_usage: '0.000001' }],
    ['cpu:5-10', { min_cpu_usage: '5', max_cpu_usage: '10' }],
    ['mem>90', { min_memory_percent: '90.000001' }],
    ['mem>=100G', { min_memory_usage_mb: '102400' }],
    ['mem:1.5-2TB', { min_memory_usage_mb: '1572864', max_memory_usage_mb: '2097152' }],
    ['wait>1h', { min_wait: '3601' }],
    ['wait:1h-2h', { min_wait: '3600', max_wait: '7200' }],
    ['runtime>=90m', { min_runtime: '5400' }],
    ['cpus>4 cpus>8 cpus<100 cpus<50', { min_cpus: '9', max_cpus: '49' }],
    ['since:2d', { since: '2026-01-18T10:00:00.000Z' }],
    ['since:9999w', { since: '1970-01-01T00:00:00.000Z' }],
    ['since:2d since:1d', { since: '2026-01-19T10:00:00.000Z' }],
    ['until:2026-01-20T08:00Z', { until: '2026-01-20T08:00:00.000Z' }],
    ['user:alice user:bob', { user: 'alice,bob' }],
    ['USER:alice', { user: 'alice' }],
    ['user=alice', { user: 'alice' }],
    ['run=7', { q: 'run=7' }],
  ])('%j asks for %j', (text, wanted) => {
    expect(faults(text)).toEqual([]);
    expect(query(text)).toEqual(wanted);
  });

  test.each([
    ['owner:alice', 'There is no filter owner'],
    ['owner>5', 'There is no filter owner'],
    ['constructor:x', 'There is no filter constructor'],
    ['state:broken', 'There is no state broken'],
    ['state:timeout', 'States of Slurm are written raw:timeout.'],
    ['user:', 'Write a value after user:.'],
    ['user>alice', 'Write user:alice; only numbers and durations are compared.'],
    ['since:yesterday', 'Write a time'],
    ['until:1969-12-31', 'Write a time'],
    ['runtime>long', 'long cannot be read; write it as 2h, or as a range such as :2h-2h.'],
    ['wait>5', '5 cannot be read; write it as 2h'],
    ['nodes>1.5', '1.5 cannot be read; write it as 4'],
    ['cpu:1-2-3', '1-2-3 cannot be read'],
    ['cpu:10-5', '10-5 runs backwards'],
    ['cpu>100', 'Nothing is above 100.'],
    ['cpu:1-101', 'Nothing is above 100.'],
    ['gpus<0', 'Nothing is below 0.'],
    ['mem>5X', '5X cannot be read'],
  ])('%j says what is wrong, and asks for nothing', (text, fault) => {
    expect(faults(text)).toEqual([expect.stringContaining(fault)]);
    expect(query(text)).toEqual({});
  });

  test('has at most 32 terms', () => {
    expect(splitFilter('a '.repeat(100))).toHaveLength(32);
  });

  test('asks only for what GET /v1/jobs takes', () => {
    const known = LIST_PARAMETERS.map((parameter) => parameter.name);
    for (const [name, { parameter, kind }] of Object.entries(KEYS)) {
      const isNamed = ['name', 'state', 'time'].includes(kind);
      expect(known, name).toContain(isNamed ? parameter : `min_${parameter}`);
    }
  });
});

describe('any text', () => {
  const words = fc.array(
    fc.oneof(
      fc.string({ maxLength: 12 }),
      fc
        .tuple(
          fc.constantFrom(...Object.keys(KEYS)),
          fc.constantFrom(':', '<', '<=', '>', '>=', '='),
          fc.oneof(
            fc.stringMatching(/^\d{1,3}(\.\d)?[%hdGM]?(-\d{1,3}[hdG]?)?$/),
            fc.string({ maxLength: 8 }),
          ),
        )
        .map((parts) => parts.join('')),
    ),
    { maxLength: 8 },
  );

  test('is the same after it was split into terms and joined', () => {
    fc.assert(
      fc.property(words, (parts) => {
        const terms = readFilter(parts.join(' '), NOW);
        const again = readFilter(terms.map(({ text }) => text).join(' '), NOW);
        expect(again).toEqual(terms);
      }),
    );
  });

  test('of one term is read by the service, unless it has a fault', () => {
    fc.assert(
      fc.property(words, (parts) => {
        for (const { query: asked } of readFilter(parts.join(' '), NOW)) {
          // The service says itself what is wrong with a name, and names are not judged here.
          const figures = Object.entries(asked).filter(([name]) =>
            /^(min|max)_|^(since|until|state)$/.test(name),
          );
          const url = `http://localhost/v1/jobs?${new URLSearchParams(figures)}`;
          expect(readListRequest(new Request(url), NOW).filter).toBeDefined();
        }
      }),
    );
  });

  test('that is written as a value is read back', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (value) => {
        expect(query(`x ${writeTerm('name', value)} y`)).toEqual({ name: value, q: 'x y' });
      }),
    );
    expect(writeTerm('user', 'alice')).toBe('user:alice');
  });
});
