import { Database } from 'bun:sqlite';
import { describe, expect, test } from 'bun:test';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { scripts } from '../package.json';
import { COMMANDS } from '../src/cli/commands.ts';
import { runSource } from './help/executable.ts';
import { temporaryFolder } from './help/folder.ts';
import { openStore } from './help/store.ts';

const MAX_README_BYTES = 8192;

const scan = (pattern: string) => [...new Bun.Glob(pattern).scanSync({ cwd: '.', dot: true })];
const PAGES = [...scan('*.md'), ...scan('{docs,deploy,test}/**/*.md')].sort();
const FILE_NAMES = new Set(scan('{src,test,deploy,docs,.ci}/**/*').map((path) => basename(path)));

const textOf = (page: string) => readFileSync(page, 'utf8');
const withoutCode = (text: string) => text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');
const codeOf = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);

/** The anchors of a page's headings, as the usual hosts of Markdown derive them. */
const anchorsOf = (page: string) =>
  [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** `a/{b,c}.ts` as both of its paths. */
function expandBraces(path: string): string[] {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/.exec(path);
  if (!match) return [path];
  return match[2]!.split(',').flatMap((word) => expandBraces(`${match[1]}${word}${match[3]}`));
}

function findBrokenLinks(page: string): string[] {
  const targets = [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path, anchor] = target.split('#') as [string, string?];
    const file = path === '' ? page : join(dirname(page), path);
    if (!existsSync(file)) return true;
    return anchor !== undefined && !anchorsOf(file).includes(anchor);
  });
}

/** Named files of the project that do not exist; names with a placeholder (`<name>`) are left out. */
function findMissingPaths(page: string): string[] {
  return codeOf(textOf(page)).filter((code) => {
    if (/^[\w-]+\.(ts|sql|sh)$/.test(code)) return !FILE_NAMES.has(code);
    if (!/^(src|test|deploy|docs|\.ci)\/[\w./*{},-]*$/.test(code)) return false;
    return expandBraces(code).some((path) =>
      path.includes('*') ? scan(path).length === 0 : !existsSync(path),
    );
  });
}

interface Call {
  readonly words: readonly string[];
  readonly flags: readonly string[];
}

/** Command lines of the executable in code, without what the shell adds. */
function findCalls(page: string): Call[] {
  const lines = [
    ...codeOf(textOf(page)),
    ...[...textOf(page).matchAll(/^```\w*\n(.*?)^```/gms)].flatMap((match) => match[1]!.split('\n')),
  ];
  return lines.flatMap((line) => {
    const [, rest] =
      /(?:^|(?:sudo|-u \S+|\$|&&|\() )(?:\.\/)?hpc-observe((?: [^\s;|&)#]+)+)/.exec(line) ?? [];
    if (rest === undefined || /^ [A-Z<{…]/.test(rest)) return [];
    const words = rest.trim().split(' ');
    return [
      {
        words: words.slice(0, Object.hasOwn(COMMANDS, words.slice(0, 2).join(' ')) ? 2 : 1),
        flags: words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]!),
      },
    ];
  });
}

test('every page of the documentation has working relative links', () => {
  expect(PAGES).toContain('docs/architecture.md');
  expect(PAGES.flatMap((page) => findBrokenLinks(page).map((link) => `${page}: ${link}`))).toEqual([]);
});

test('every file that a page names exists', () => {
  const pages = PAGES.filter((page) => page !== 'CHANGELOG.md');
  expect(pages.flatMap((page) => findMissingPaths(page).map((path) => `${page}: ${path}`))).toEqual([]);
});

test(`README.md has at most ${MAX_README_BYTES} bytes`, () => {
  expect(statSync('README.md').size).toBeLessThanOrEqual(MAX_README_BYTES);
});

test('every script that a page runs is in package.json', () => {
  const runs = PAGES.flatMap((page) =>
    [...textOf(page).matchAll(/bun(?:@[\d.]+)? run ([\w:]+)/g)].map(([, name]) => ({ page, name })),
  );
  expect(runs.length).toBeGreaterThan(3);
  expect(runs.filter(({ name }) => !(name! in scripts))).toEqual([]);
});

test('every SQL query of docs/debugging.md runs on the current schema', async () => {
  using folder = temporaryFolder();
  await (await openStore(folder.file('a.db'))).close();
  using db = new Database(folder.file('a.db'), { readonly: true });
  const blocks = [...textOf('docs/debugging.md').matchAll(/^```sql\n(.*?)^```/gms)].map((match) => match[1]!);
  const queries = blocks.flatMap((block) => block.split(/;\n/)).filter((query) => query.trim() !== '');
  expect(queries.length).toBeGreaterThan(8);
  for (const query of queries) expect(() => db.query(query).all(), query).not.toThrow();
});

describe('the executable', () => {
  const calls = PAGES.flatMap(findCalls);
  const commands = [...new Set(calls.map(({ words }) => words.join(' ')))].sort();

  test('the pages name commands of the executable', () => {
    expect(commands).toEqual(expect.arrayContaining(['config', 'deploy', 'slurm check', 'slurm import']));
  });

  test.each(commands)(
    'the executable knows the command "%s" and the flags that pages give it',
    async (command) => {
      const { exitCode, stdout } = await runSource([...command.split(' '), '--help']);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(command.replace(/^--/, ''));
      const flags = calls.filter(({ words }) => words.join(' ') === command).flatMap(({ flags }) => flags);
      for (const flag of flags) expect(stdout).toContain(flag);
    },
  );
});
