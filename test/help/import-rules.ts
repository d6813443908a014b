import { dirname, join } from 'node:path';

/**
 * The rooms of src, and what each may import beside itself: rooms with all that is in them, or single files.
 * A file belongs to the innermost room that is listed; one in no listed room (service, cli, main.ts) may
 * import everything.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  access: ['domain'],
  api: ['domain'],
  client: ['api', 'domain'],
  agent: ['api', 'client', 'domain', 'slurm/hooks/variables.ts'],
  demo: ['domain'],
  doctor: ['domain'],
  export: ['api', 'client', 'domain'],
  ingest: ['domain'],
  mail: ['domain', 'report'],
  grafana: [],
  metrics: ['domain'],
  prometheus: [],
  push: ['client/retry.ts', 'domain'],
  report: ['domain'],
  settings: ['domain', 'errno.ts', 'log.ts'],
  web: ['api', 'domain'],

  store: ['domain', 'store/copy', 'store/postgres', 'store/sqlite', 'store/writer'],
  'store/chunk': ['domain'],
  'store/copy': ['domain', 'store/chunk'],
  'store/rows': ['domain', 'store/chunk'],
  'store/writer': ['domain', 'store/chunk', 'store/rows'],
  'store/sqlite/migrations': ['store/chunk'],
  'store/sqlite/sql': [],
  'store/sqlite/file': ['domain', 'store/copy', 'store/sqlite/migrations'],
  'store/sqlite/jobs': ['domain', 'store/chunk', 'store/rows', 'store/sqlite/sql'],
  'store/sqlite/nodes': ['domain', 'store/chunk', 'store/rows', 'store/sqlite/jobs', 'store/sqlite/sql'],
  'store/sqlite/runs': ['domain', 'store/rows', 'store/sqlite/jobs', 'store/sqlite/sql'],
  'store/sqlite/samples': [
    'domain',
    'store/chunk',
    'store/rows',
    'store/sqlite/runs',
    'store/sqlite/sql',
    'store/writer',
  ],
  'store/sqlite/arrays': ['domain', 'store/rows', 'store/sqlite/jobs', 'store/sqlite/samples'],
  'store/sqlite/findings': [
    'domain',
    'store/rows',
    'store/sqlite/jobs',
    'store/sqlite/samples',
    'store/sqlite/sizing',
    'store/sqlite/sql',
  ],
  'store/sqlite/sizing': ['domain', 'store/rows'],
  'store/sqlite/tallies': [
    'domain',
    'store/rows',
    'store/sqlite/findings',
    'store/sqlite/jobs',
    'store/sqlite/samples',
    'store/sqlite/sql',
  ],
  'store/sqlite/access': ['domain'],
  'store/sqlite/care': ['domain', 'store/chunk', 'store/sqlite/file', 'store/sqlite/migrations'],
  'store/sqlite/copy': [
    'domain',
    'store/chunk',
    'store/copy',
    'store/sqlite/care',
    'store/sqlite/file',
    'store/sqlite/migrations',
    'store/sqlite/sql',
  ],
  'store/sqlite/notices': ['domain', 'store/sqlite/access'],
  'store/sqlite/history': [
    'domain',
    'store/chunk',
    'store/rows',
    'store/sqlite/access',
    'store/sqlite/file',
    'store/sqlite/jobs',
    'store/sqlite/nodes',
    'store/sqlite/notices',
    'store/sqlite/samples',
    'store/sqlite/sql',
  ],
  'store/sqlite/columns': ['domain', 'store/rows', 'store/sqlite/jobs', 'store/sqlite/sql'],
  'store/sqlite/lists': [
    'domain',
    'store/rows',
    'store/sqlite/columns',
    'store/sqlite/file',
    'store/sqlite/jobs',
    'store/sqlite/sql',
  ],
  'store/sqlite/writer': [
    'domain',
    'store/chunk',
    'store/rows',
    'store/sqlite/access',
    'store/sqlite/columns',
    'store/sqlite/file',
    'store/sqlite/findings',
    'store/sqlite/history',
    'store/sqlite/jobs',
    'store/sqlite/nodes',
    'store/sqlite/notices',
    'store/sqlite/runs',
    'store/sqlite/samples',
    'store/sqlite/state.ts',
    'store/sqlite/tallies',
    'store/writer',
  ],

  'store/postgres/migrations': [],
  'store/postgres/sql': [],
  'store/postgres/server': ['domain', 'store/copy', 'store/postgres/migrations', 'store/postgres/sql'],
  'store/postgres/care': [
    'domain',
    'store/chunk',
    'store/postgres/migrations',
    'store/postgres/server',
    'store/postgres/sql',
  ],
  'store/postgres/copy': [
    'domain',
    'store/copy',
    'store/postgres/migrations',
    'store/postgres/server',
    'store/postgres/sql',
  ],
  'store/postgres/jobs': ['domain', 'store/chunk', 'store/postgres/sql', 'store/rows'],
  'store/postgres/nodes': ['domain', 'store/chunk', 'store/postgres/sql', 'store/rows'],
  'store/postgres/runs': ['domain', 'store/postgres/jobs', 'store/postgres/sql', 'store/rows'],
  'store/postgres/samples': [
    'domain',
    'store/chunk',
    'store/postgres/runs',
    'store/postgres/server',
    'store/postgres/sql',
    'store/rows',
    'store/writer',
  ],
  'store/postgres/arrays': ['domain', 'store/postgres/samples', 'store/postgres/sql', 'store/rows'],
  'store/postgres/sizing': ['domain', 'store/postgres/sql', 'store/rows'],
  'store/postgres/findings': [
    'domain',
    'store/postgres/jobs',
    'store/postgres/nodes',
    'store/postgres/samples',
    'store/postgres/sizing',
    'store/postgres/sql',
    'store/rows',
  ],
  'store/postgres/tallies': [
    'domain',
    'store/postgres/jobs',
    'store/postgres/samples',
    'store/postgres/sql',
    'store/rows',
  ],
  'store/postgres/access': ['domain', 'store/postgres/sql'],
  'store/postgres/notices': ['domain', 'store/postgres/access', 'store/postgres/sql'],
  'store/postgres/history': [
    'domain',
    'store/chunk',
    'store/postgres/access',
    'store/postgres/jobs',
    'store/postgres/nodes',
    'store/postgres/notices',
    'store/postgres/samples',
    'store/postgres/server',
    'store/postgres/sql',
  ],
  'store/postgres/lists': [
    'domain',
    'store/postgres/jobs',
    'store/postgres/server',
    'store/postgres/sql',
    'store/rows',
  ],
  'store/postgres/writer': [
    'domain',
    'store/postgres/access',
    'store/postgres/findings',
    'store/postgres/history',
    'store/postgres/jobs',
    'store/postgres/nodes',
    'store/postgres/notices',
    'store/postgres/runs',
    'store/postgres/samples',
    'store/postgres/server',
    'store/postgres/sql',
    'store/postgres/state.ts',
    'store/postgres/tallies',
    'store/rows',
    'store/writer',
  ],

  slurm: ['domain'],
  'slurm/values': ['domain'],
  'slurm/records': ['domain', 'slurm/values'],
  'slurm/hooks': ['domain', 'slurm/values'],
  'slurm/check': ['domain', 'slurm/hooks', 'slurm/records', 'slurm/values'],
  'slurm/follow': ['domain', 'slurm/check', 'slurm/hooks', 'slurm/records', 'slurm/values'],

  http: ['api', 'domain', 'http'],
  'http/request': ['api', 'domain', 'http/url.ts'],
  'http/response': ['api', 'domain', 'http/request', 'http/url.ts'],
  'http/routes': ['api', 'domain', 'http/request', 'http/response'],
};

/** Rooms whose files do not import each other. */
const NO_NEIGHBOURS = ['http/routes'];
/** Rooms that import only types from other rooms, except how numbers and filters are written. */
const TYPES_ONLY = ['web'];
const WRITTEN = ['domain/figures.ts', 'api/filter-text.ts', 'api/filter-completion.ts'];
/** Files that every room but domain may import: turns of the event loop, and background loops. */
const SHARED = ['pace.ts', 'program.ts', 'repeat.ts'];

const MAY_START_PROGRAMS = ['program.ts', 'slurm', 'agent/collectors'];
/** Libraries, and the only rooms that may import them. */
const OWNERS: readonly [library: RegExp, rooms: readonly string[]][] = [
  [/^@bufbuild\/protobuf(\/|$)|^snappy-wasm(\/|$)/, ['ingest']],
  // Loading it would cost the writing thread more than all its own code.
  [/^@sinclair\/typebox(\/|$)/, ['api']],
  [/^hyparquet-writer$/, ['export']],
  [/^elysia(\/|$)|^@elysiajs\//, ['http']],
  [/^bun:ffi$/, ['access/libc.ts', 'service/handover.ts', 'store/sqlite/file/lock.ts']],
  [/^bun:sqlite$/, ['store/sqlite']],
  [/^nodemailer$/, ['mail']],
  [/^openid-client$/, ['access']],
  [/^toml-eslint-parser$/, ['settings']],
  [/^prom-client(\/|$)/, ['metrics']],
  [/^(preact|@preact\/signals|uplot)(\/|$)/, ['web']],
  [/^(node:)?child_process$/, MAY_START_PROGRAMS],
];
const SPAWNS = /\bBun\.(spawn|spawnSync|\$)|import\s*\{[^}]*\$[^}]*\}\s*from\s*'bun'/;

const IMPORT =
  /(?:^|[;}\s])(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;

export interface Import {
  readonly name: string;
  /** `import type`: the module is not loaded. */
  readonly isType: boolean;
}

/** Lists the imports and re-exports of a module's text. */
export const importsOf = (text: string): Import[] =>
  [...text.matchAll(IMPORT)].map(([, type, name, dynamic]) => ({
    name: name ?? dynamic!,
    isType: type !== undefined,
  }));

const isOurs = (name: string) => name.startsWith('.');
/** The path of a file of src without `src/`; another path as it is. */
const insideOf = (path: string) => path.replace(/^src\//, '');
const isIn = (path: string, place: string) => path === place || path.startsWith(`${place}/`);

/** The innermost listed room of a path; undefined if there is none. */
function roomOf(path: string): string | undefined {
  const rooms = Object.keys(MAY_IMPORT).filter((room) => isIn(path, room));
  return rooms.sort((one, other) => other.length - one.length)[0];
}

function mayImport(path: string, { name, isType }: Import): boolean {
  const room = roomOf(path);
  if (!isOurs(name)) {
    if (room === 'domain') return false;
    return OWNERS.every(
      ([library, rooms]) => !library.test(name) || rooms.some((owner) => isIn(path, owner)),
    );
  }
  const target = insideOf(join(dirname(`src/${path}`), name));
  if (room === undefined) return true;
  if (roomOf(target) === room) return !NO_NEIGHBOURS.includes(room);
  if (TYPES_ONLY.includes(room) && !isType) return WRITTEN.includes(target);
  const allowed = MAY_IMPORT[room]!;
  return [...allowed, ...(room === 'domain' ? [] : SHARED)].some((place) => isIn(target, place));
}

/**
 * Describes each import of a file that its room may not
 * have, and each program that it starts without permission.
 */
export function importFaults(file: string, text: string): string[] {
  const path = insideOf(file);
  const faults = importsOf(text)
    .filter((one) => !mayImport(path, one))
    .map(({ name }) => `${file} imports ${name}`);
  const startsPrograms = SPAWNS.test(text) && !MAY_START_PROGRAMS.some((room) => isIn(path, room));
  return startsPrograms ? [...faults, `${file} starts programs`] : faults;
}

/** Lists every way that leads from a node of a graph back to itself. */
export function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  function visit(node: string, way: readonly string[]): void {
    if (way.includes(node)) found.push([...way.slice(way.indexOf(node)), node].join(' → '));
    if (way.includes(node) || done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...way, node]);
    done.add(node);
  }
  for (const node of graph.keys()) visit(node, []);
  return found;
}

/** The modules of ours that each file imports, types included. */
export const fileGraph = (files: ReadonlyMap<string, string>): Map<string, string[]> =>
  new Map(
    [...files].map(([file, text]) => [
      file,
      importsOf(text)
        .filter(({ name }) => isOurs(name))
        .map(({ name }) => join(dirname(file), name)),
    ]),
  );

/** The rooms that each room may import, without those that contain it. */
export const roomGraph = (): Map<string, string[]> =>
  new Map(
    Object.entries(MAY_IMPORT).map(([room, allowed]) => [
      room,
      allowed.filter((place) => place in MAY_IMPORT && place !== room),
    ]),
  );

/** Lists all that is loaded with a file, itself included: files of ours and libraries. */
export function loadedWith(files: ReadonlyMap<string, string>, start: string): string[] {
  const loaded = new Set<string>();
  function visit(file: string): void {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { name, isType } of importsOf(files.get(file) ?? ''))
      if (!isType) visit(isOurs(name) ? join(dirname(file), name) : name);
  }
  visit(start);
  return [...loaded].sort();
}
