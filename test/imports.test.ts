import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MAX_LINES = 300;

/** What a folder of src may import of ours; folders that are not named here may import everything. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  domain: ['domain'],
  api: ['domain', 'api'],
  client: ['domain', 'api', 'client'],
  store: ['domain', 'store'],
  metrics: ['domain', 'metrics'],
  slurm: ['domain', 'slurm'],
  agent: ['domain', 'api', 'client', 'agent'],
  demo: ['domain', 'demo'],
  http: ['domain', 'api', 'http'],
  web: ['domain', 'api', 'web'],
};

/** What every folder but domain may import beside them: turns of the event loop, and background loops. */
const SHARED = ['src/pace.ts', 'src/repeat.ts'];

const MAY_START_PROGRAMS = ['src/slurm/', 'src/agent/collectors/'];
/** Libraries, and the only folders that may use them. */
const OWNERS: [library: RegExp, folders: readonly string[]][] = [
  // Loading it would cost the thread that writes more than all its own code.
  [/^@sinclair\/typebox(\/|$)/, ['src/api/']],
  [/^elysia(\/|$)|^@elysiajs\//, ['src/http/']],
  [/^bun:sqlite$/, ['src/store/sqlite/']],
  [/^prom-client(\/|$)/, ['src/metrics/']],
  [/^(node:)?child_process$/, MAY_START_PROGRAMS],
];
const SPAWNS = /\bBun\.(spawn|spawnSync|\$)|import\s*\{[^}]*\$[^}]*\}\s*from\s*'bun'/;

const IMPORT =
  /(?:^|[;}\s])(?:import|export)\s+(?:type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;

const importsOf = (text: string) => [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2]!);
const isOurs = (name: string) => name.startsWith('.');
const inside = (file: string, folders: readonly string[]) =>
  folders.some((folder) => file.startsWith(folder));

/** Whether a file may import `name`, by the rules of its folder. */
function mayImport(file: string, name: string): boolean {
  const folder = /^src\/(\w+)\//.exec(file)?.[1] ?? '';
  if (isOurs(name)) {
    const allowed = MAY_IMPORT[folder]?.map((one) => `src/${one}/`) ?? ['src/', 'package.json'];
    return inside(join(dirname(file), name), folder === 'domain' ? allowed : [...allowed, ...SHARED]);
  }
  if (folder === 'domain') return false;
  return OWNERS.every(([library, folders]) => !library.test(name) || inside(file, folders));
}

/** What a file does that its folder may not. */
function importFaults(file: string, text: string): string[] {
  const faults = importsOf(text)
    .filter((name) => !mayImport(file, name))
    .map((name) => `${file} imports ${name}`);
  const startsPrograms = SPAWNS.test(text) && !inside(file, MAY_START_PROGRAMS);
  return startsPrograms ? [...faults, `${file} starts programs`] : faults;
}

/** Every way that leads from a file back to itself. */
function cycles(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  function visit(file: string, way: readonly string[]): void {
    if (way.includes(file)) found.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (way.includes(file) || done.has(file)) return;
    for (const name of importsOf(files.get(file) ?? '').filter(isOurs))
      visit(join(dirname(file), name), [...way, file]);
    done.add(file);
  }
  for (const file of files.keys()) visit(file, []);
  return found;
}

const SOURCES = new Map(
  [...new Bun.Glob('src/**/*.ts').scanSync('.')]
    .filter((file) => !file.endsWith('.d.ts'))
    .sort()
    .map((file) => [file, readFileSync(file, 'utf8')]),
);

test('files import only what their folder may', () => {
  expect(SOURCES.size).toBeGreaterThan(30);
  expect([...SOURCES].flatMap(([file, text]) => importFaults(file, text))).toEqual([]);
});

test('no file imports itself by a detour', () => {
  expect(cycles(SOURCES)).toEqual([]);
});

test(`no file is longer than ${MAX_LINES} lines`, () => {
  const long = [...SOURCES]
    .filter(([, text]) => text.split('\n').length - 1 > MAX_LINES)
    .map(([file]) => file);
  expect(long).toEqual([]);
});

test('every import of a file is seen', () => {
  const text = `import { a } from 'bun:sqlite';
import type { B } from '../domain/b.ts';
import {
  c,
  type D,
} from './c.ts';
import './e.ts';
export * from './f.ts';
const { g } = await import('./g.ts');
`;
  expect(importsOf(text)).toEqual(['bun:sqlite', '../domain/b.ts', './c.ts', './e.ts', './f.ts', './g.ts']);
  expect(importsOf(SOURCES.get('src/main.ts')!)).toContain('./cli/serve.ts');
});

const WRONG: [file: string, text: string][] = [
  ['src/domain/job.ts', "import { x } from '../store/open.ts';"],
  ['src/domain/job.ts', "import type { X } from 'elysia';"],
  ['src/domain/job.ts', "import { readFileSync } from 'node:fs';"],
  ['src/domain/job.ts', "import { x } from '../log.ts';"],
  ['src/domain/job.ts', "import { yieldToOthers } from '../pace.ts';"],
  ['src/store/open.ts', "import { x } from '../log.ts';"],
  ['src/domain/job.ts', "import { Type } from '@sinclair/typebox';"],
  ['src/store/open.ts', "import { Type } from '@sinclair/typebox';"],
  ['src/http/routes/jobs.ts', "import { Type } from '@sinclair/typebox';"],
  ['src/store/open.ts', "export { x } from '../http/app.ts';"],
  ['src/http/routes/jobs.ts', "import type { Store } from '../../store/sqlite/open.ts';"],
  ['src/http/routes/jobs.ts', "const x = await import('../../metrics/jobs.ts');"],
  ['src/api/job.ts', "import { x } from '../http/app.ts';"],
  ['src/client/client.ts', "import { x } from '../http/app.ts';"],
  ['src/cli/serve.ts', "import { Elysia } from 'elysia';"],
  ['src/cli/serve.ts', "import {\n  Database,\n  SQLiteError,\n} from 'bun:sqlite';"],
  ['src/store/open.ts', "import { Database } from 'bun:sqlite';"],
  ['src/http/routes/metrics.ts', "import 'prom-client/lib/metrics/x.js';"],
  ['src/cli/serve.ts', "import { spawn } from 'node:child_process';"],
  ['src/agent/loop.ts', "Bun.spawn(['nvidia-smi']);"],
  ['src/http/routes/jobs.ts', "import { $ } from 'bun';"],
];
test.each(WRONG)('in %s this is a fault: %s', (file, text) => {
  expect(importFaults(file, text)).not.toEqual([]);
});

const RIGHT: [file: string, text: string][] = [
  ['src/domain/job.ts', "import { x } from './errors.ts';"],
  ['src/api/job.ts', "import { Type } from '@sinclair/typebox';\nimport { x } from '../domain/job.ts';"],
  [
    'src/http/routes/jobs.ts',
    "import { Elysia } from 'elysia';\nimport type { Store } from '../../domain/store/store.ts';",
  ],
  ['src/cli/serve.ts', "import { createApp } from '../http/app.ts';"],
  ['src/slurm/commands.ts', "Bun.spawn(['squeue']);"],
];
test.each(RIGHT)('in %s this is right: %s', (file, text) => {
  expect(importFaults(file, text)).toEqual([]);
});

test('a cycle is found', () => {
  const files = new Map([
    ['src/a.ts', "import { b } from './x/b.ts';"],
    ['src/x/b.ts', "import { c } from './c.ts';"],
    ['src/x/c.ts', "export { a } from '../a.ts';"],
  ]);
  expect(cycles(files)).toEqual(['src/a.ts → src/x/b.ts → src/x/c.ts → src/a.ts']);
});
