import { expect, test } from 'bun:test';
import { startService } from './help/service.ts';
import { LISTS, OTHERS, samplesOf } from './integration/neighbours/reads.ts';
import { INGESTS, WRITES } from './integration/neighbours/writes.ts';

const CASES = [...WRITES, ...INGESTS, ...LISTS, ...OTHERS, ...samplesOf('start_time=2026-01-01')];

test('every endpoint has a case that shows what its largest or oddest use does to the others', async () => {
  await using service = await startService();
  const endpoints = service.app.routes.map(({ method, path }) => `${method} ${path}`);
  const covered = new Set(CASES.map(({ endpoint }) => endpoint));
  expect(endpoints.filter((endpoint) => !covered.has(endpoint))).toEqual([]);
  expect([...covered].filter((endpoint) => !endpoints.includes(endpoint))).toEqual([]);
});

test('there are at least 60 cases, each with a name of its own', () => {
  const names = CASES.map(({ endpoint, use }) => `${endpoint}, ${use}`);
  expect(names.length).toBeGreaterThanOrEqual(60);
  expect(new Set(names).size).toBe(names.length);
});
