import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { cycles, fileGraph, importFaults, importsOf, loadedWith, roomGraph } from './help/import-rules.ts';

const MAX_LINES = 300;

const SOURCES = new Map(
  [...new Bun.Glob('src/**/*.ts').scanSync('.')]
    .filter((file) => !file.endsWith('.d.ts'))
    .sort()
    .map((file) => [file, readFileSync(file, 'utf8')]),
);

test('files import only what their room may import', () => {
  expect(SOURCES.size).toBeGreaterThan(30);
  expect([...SOURCES].flatMap(([file, text]) => importFaults(file, text))).toEqual([]);
});

test('no file imports itself by a detour', () => {
  expect(cycles(fileGraph(SOURCES))).toEqual([]);
});

test('the rules allow no room to import itself by a detour', () => {
  expect(cycles(roomGraph())).toEqual([]);
});

test('the main thread loads nothing that applies writes', () => {
  const loaded = loadedWith(SOURCES, 'src/store/sqlite/writer/queue.ts');
  expect(loaded).toContain('src/store/writer/write.ts');
  expect(
    loaded.filter(
      (file) =>
        !/^src\/(domain|store\/chunk|store\/writer|store\/sqlite\/writer)\/|^src\/pace\.ts$/.test(file),
    ),
  ).toEqual([]);
  expect(loaded).not.toContain('src/store/sqlite/writer/apply.ts');
});

test('commands that people type load neither Elysia, the store nor the parts of the service', () => {
  for (const command of ['jobs', 'job', 'queue', 'seff', 'top', 'whoami', 'login', 'completion']) {
    const loaded = loadedWith(SOURCES, `src/cli/${command}.ts`);
    expect(loaded.length, command).toBeGreaterThan(20);
    const heavy = loaded.filter((name) =>
      /^elysia|^bun:sqlite|^src\/(http|store|service|metrics|web)\//.test(name),
    );
    expect(heavy, command).toEqual([]);
  }
});

test('the writing thread loads only the store and what comes with Bun', () => {
  const loaded = loadedWith(SOURCES, 'src/store/sqlite/writer/thread.ts');
  expect(loaded).toContain('src/store/sqlite/writer/apply.ts');
  expect(loaded.filter((name) => !/^src\/(domain|store)\/|^(bun|node)(:|$)/.test(name))).toEqual([]);
});

test(`no file of src is longer than ${MAX_LINES} lines`, () => {
  const long = [...SOURCES]
    .filter(([, text]) => text.split('\n').length - 1 > MAX_LINES)
    .map(([file]) => file);
  expect(long).toEqual([]);
});

test('every form of import is found', () => {
  const text = `import { a } from 'bun:sqlite';
import type { B } from '../domain/b.ts';
import {
  c,
  type D,
} from './c.ts';
import './e.ts';
export * from './f.ts';
export type { H } from './h.ts';
const { g } = await import('./g.ts');
`;
  expect(importsOf(text)).toEqual([
    { name: 'bun:sqlite', isType: false },
    { name: '../domain/b.ts', isType: true },
    { name: './c.ts', isType: false },
    { name: './e.ts', isType: false },
    { name: './f.ts', isType: false },
    { name: './h.ts', isType: true },
    { name: './g.ts', isType: false },
  ]);
  expect(importsOf(SOURCES.get('src/main.ts')!).map(({ name }) => name)).toContain('./cli/commands.ts');
});

const WRONG: [file: string, text: string][] = [
  ['src/domain/job.ts', "import { x } from '../store/open.ts';"],
  ['src/domain/job.ts', "import type { X } from 'elysia';"],
  ['src/domain/job.ts', "import { readFileSync } from 'node:fs';"],
  ['src/domain/job.ts', "import { x } from '../log.ts';"],
  ['src/domain/job.ts', "import { yieldToOthers } from '../pace.ts';"],
  ['src/domain/job.ts', "import { Type } from '@sinclair/typebox';"],
  ['src/domain/store/jobs.ts', "import type { X } from '../../store/open.ts';"],
  ['src/api/job.ts', "import { x } from '../http/app.ts';"],
  ['src/api/job.ts', "import { Elysia } from 'elysia';"],
  ['src/client/client.ts', "import { x } from '../http/app.ts';"],
  ['src/client/client.ts', "import { Type } from '@sinclair/typebox';"],
  ['src/agent/loop.ts', "import { x } from '../store/open.ts';"],
  ['src/agent/loop.ts', "Bun.spawn(['nvidia-smi']);"],
  ['src/metrics/jobs.ts', "import { x } from '../http/app.ts';"],
  ['src/settings/load.ts', "import { x } from '../cli/serve.ts';"],
  ['src/web/jobs/page.ts', "import { renderJob } from '../../api/job.ts';"],
  ['src/web/jobs/page.ts', "import type { X } from '../../http/app.ts';"],
  ['src/store/open.ts', "import { x } from '../log.ts';"],
  ['src/store/open.ts', "import { Type } from '@sinclair/typebox';"],
  ['src/store/open.ts', "import { Database } from 'bun:sqlite';"],
  ['src/store/open.ts', "export { x } from '../http/app.ts';"],
  ['src/store/chunk/chunk.ts', "import { Database } from 'bun:sqlite';"],
  ['src/store/chunk/chunk.ts', "import type { X } from '../sqlite/samples/log.ts';"],
  ['src/store/sqlite/sql/insert.ts', "import { x } from '../jobs/row.ts';"],
  ['src/store/sqlite/file/connections.ts', "import { x } from '../samples/log-index.ts';"],
  ['src/store/sqlite/jobs/events.ts', "import { x } from '../runs/past.ts';"],
  ['src/store/sqlite/samples/record.ts', "import type { X } from '../writer/write.ts';"],
  ['src/store/sqlite/history/seal.ts', "import { x } from '../../open.ts';"],
  ['src/store/sqlite/lists/lists.ts', "import { x } from '../open.ts';"],
  ['src/slurm/values/time.ts', "import { x } from '../records/sacct.ts';"],
  ['src/slurm/hooks/spool.ts', "import { x } from '../follow/reconcile.ts';"],
  ['src/http/routes/jobs.ts', "import { x } from './runs.ts';"],
  ['src/http/routes/jobs.ts', "import { Type } from '@sinclair/typebox';"],
  ['src/http/routes/jobs.ts', "import type { Store } from '../../store/sqlite/open.ts';"],
  ['src/http/routes/jobs.ts', "const x = await import('../../metrics/jobs.ts');"],
  ['src/http/routes/jobs.ts', "import { $ } from 'bun';"],
  ['src/http/routes/metrics.ts', "import 'prom-client/lib/metrics/x.js';"],
  ['src/http/request/query.ts', "import { x } from '../response/errors.ts';"],
  ['src/http/response/errors.ts', "import { x } from '../routes/jobs.ts';"],
  ['src/service/listen.ts', "import { Elysia } from 'elysia';"],
  ['src/cli/serve.ts', "import {\n  Database,\n  SQLiteError,\n} from 'bun:sqlite';"],
  ['src/cli/serve.ts', "import { spawn } from 'node:child_process';"],
];
test.each(WRONG)('the rules forbid %s this: %s', (file, text) => {
  expect(importFaults(file, text)).not.toEqual([]);
});

const RIGHT: [file: string, text: string][] = [
  ['src/domain/job.ts', "import { x } from './errors.ts';"],
  ['src/domain/store/jobs.ts', "import type { Job } from '../job.ts';"],
  ['src/api/job.ts', "import { Type } from '@sinclair/typebox';\nimport { x } from '../domain/job.ts';"],
  ['src/client/client.ts', "import type { JobAnswer } from '../api/job.ts';"],
  ['src/agent/loop.ts', "import { x } from '../client/client.ts';"],
  [
    'src/web/jobs/page.ts',
    "import type { JobAnswer } from '../../api/job.ts';\nimport { x } from '../parts/x.ts';",
  ],
  ['src/store/chunk/chunk.ts', "import { x } from '../../domain/readings.ts';"],
  [
    'src/store/sqlite/open.ts',
    "import { x } from './lists/lists.ts';\nimport { Database } from 'bun:sqlite';",
  ],
  ['src/store/sqlite/samples/log.ts', "import { x } from '../../chunk/log-row.ts';"],
  ['src/store/sqlite/writer/apply.ts', "import { x } from '../state.ts';"],
  ['src/store/sqlite/writer/queue.ts', "import { yieldToOthers } from '../../../pace.ts';"],
  [
    'src/http/routes/jobs.ts',
    "import { Elysia } from 'elysia';\nimport type { X } from '../../domain/store/store.ts';",
  ],
  ['src/http/app.ts', "import { jobs } from './routes/jobs.ts';"],
  ['src/slurm/follow/commands.ts', "Bun.spawn(['squeue']);"],
  ['src/service/slurm.ts', "import { x } from '../slurm/follow/polls.ts';"],
  ['src/cli/serve.ts', "import { createApp } from '../http/app.ts';"],
];
test.each(RIGHT)('the rules allow %s this: %s', (file, text) => {
  expect(importFaults(file, text)).toEqual([]);
});

test('a cycle is found', () => {
  const files = new Map([
    ['src/a.ts', "import { b } from './x/b.ts';"],
    ['src/x/b.ts', "import { c } from './c.ts';"],
    ['src/x/c.ts', "export { a } from '../a.ts';"],
  ]);
  expect(cycles(fileGraph(files))).toEqual(['src/a.ts → src/x/b.ts → src/x/c.ts → src/a.ts']);
});

test('what a file loads leaves out what it imports as types', () => {
  const files = new Map([
    ['src/a.ts', "import type { B } from './b.ts';\nimport { c } from './c.ts';"],
    ['src/b.ts', "import { Database } from 'bun:sqlite';"],
    ['src/c.ts', "export * from 'node:fs';"],
  ]);
  expect(loadedWith(files, 'src/a.ts')).toEqual(['node:fs', 'src/a.ts', 'src/c.ts']);
});
