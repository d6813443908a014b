import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type Finding,
  type FolderState,
  judgeAccounting,
  judgeCompletions,
  judgeHook,
  judgePrivacy,
  judgeSpool,
  renderFindings,
  type ScriptFile,
  spoolOf,
} from '../../../src/slurm/check/judge.ts';
import { proveHook } from '../../../src/slurm/check/rehearse.ts';
import { parseSlurmConfig, readUserId } from '../../../src/slurm/check/slurm-conf.ts';
import { renderHook } from '../../../src/slurm/hooks/scripts.ts';

const TEXT = readFileSync(resolve(import.meta.dir, '../../fixtures/slurm/scontrol-show-config.txt'), 'utf8');
const CONFIG = parseSlurmConfig(TEXT);
const withLines = (lines: string) => parseSlurmConfig(lines);

const VALUES: [name: string, values: string[] | undefined][] = [
  ['JobCompType', ['jobcomp/none']],
  ['Prolog', ['/srv/slurm/bin/dump-env']],
  ['SlurmctldHost', ['head01(127.0.0.1)']],
  ['AuthInfo', ['socket=/srv/slurm/munge/munge.socket']],
  ['PrologFlags', undefined],
  ['CgroupPlugin', ['cgroup/v1']],
  ['Slurmctld', undefined],
];
test.each(VALUES)('of scontrol show config %s is %p', (name, values) => {
  expect(CONFIG.get(name)).toEqual(values as string[]);
});

test('a setting that is given twice has two values', () => {
  expect(withLines('Prolog[0] = /a\nProlog[1]               = /b\n').get('Prolog')).toEqual(['/a', '/b']);
});

test.each([
  ['slurm(64030)', 64030],
  ['root(0)', 0],
  ['slurm', undefined],
  [undefined, undefined],
])('the user %p has the number %p', (text, id) => {
  expect(readUserId(text)).toBe(id as number);
});

const FOLDER = '/etc/slurm/hpc-observe';
const OURS = renderHook('prolog_slurmctld', "/it's/spool");
const script = (text: string | undefined, fields: Partial<ScriptFile> = {}): ScriptFile => ({
  path: '/x/prolog',
  text,
  isExecutable: true,
  ...fields,
});

const HOOKS: [what: string, scripts: ScriptFile[], status: Finding['status'], words: RegExp][] = [
  ['not set', [], 'missing', /PrologSlurmctld=\/etc\/slurm\/hpc-observe\/prolog-slurmctld$/],
  ['ours', [script(OURS)], 'ok', /our script \/x\/prolog/],
  ['ours beside another', [script('#!/bin/sh\n'), script(OURS)], 'ok', /our script/],
  [
    'of somebody else',
    [script('#!/bin/sh\n')],
    'missing',
    /not ours.*call \/etc\/slurm\/hpc-observe\/prolog/s,
  ],
  [
    'of somebody else, where ours belongs',
    [script('#!/bin/sh\n', { path: `${FOLDER}/prolog-slurmctld` })],
    'missing',
    /stands where ours belongs.*another name.*hpc-observe slurm hooks \/etc\/slurm\/hpc-observe/s,
  ],
  ['not to be read', [script(undefined)], 'wrong', /cannot be read/],
  ['not executable', [script(OURS, { isExecutable: false })], 'wrong', /chmod 755 \/x\/prolog/],
  ['of another hook', [script(renderHook('epilog_slurmd', '/s'))], 'wrong', /script of epilog_slurmd/],
  ['changed', [script(`${OURS}\n# more\n`)], 'wrong', /another version/],
];
test.each(HOOKS)('a hook that is %s', (_, scripts, status, words) => {
  const finding = judgeHook('prolog_slurmctld', scripts, FOLDER);
  expect(finding.status).toBe(status);
  expect(`${finding.what}\n${finding.advice ?? ''}`).toMatch(words);
});

test('the spool folder is read from the script as the shell would', () => {
  expect(spoolOf(OURS)).toBe("/it's/spool");
});

const folder = (uid: number, mode: number): FolderState => ({ uid, mode, isFolder: true });
const SPOOLS: [state: FolderState | undefined, isNode: boolean, status: Finding['status'], words: RegExp][] =
  [
    [folder(64030, 0o2770), false, 'ok', /takes events/],
    [undefined, false, 'wrong', /does not exist/],
    [{ ...folder(64030, 0o2770), isFolder: false }, false, 'wrong', /not a folder/],
    [folder(64030, 0o2777), false, 'wrong', /Anybody may write/],
    [folder(0, 0o2750), false, 'wrong', /cannot write/],
    [folder(64030, 0o700), false, 'wrong', /service cannot take events out/],
    [folder(64030, 0o770), false, 'wrong', /handed on/],
    [folder(0, 0o700), true, 'ok', /takes events/],
  ];
test.each(SPOOLS)('a spool folder that is %p, of a node: %p, is %s', (state, isNode, status, words) => {
  const finding = judgeSpool('/s', state, { slurmUid: isNode ? 0 : 64030, isNode });
  expect([finding.status, words.test(finding.what)]).toEqual([status, true]);
});

const SERVER = 'http://127.0.0.1:8080';
const ELASTIC = 'JobCompType = jobcomp/elasticsearch\nJobCompLoc = ';
const COMPLETIONS: [config: string, plugin: boolean | undefined, status: Finding['status'], words: RegExp][] =
  [
    [
      TEXT,
      true,
      'missing',
      /JobCompLoc=http:\/\/127.0.0.1:8080\/v1\/slurm\/jobcomp; then restart slurmctld.$/,
    ],
    [TEXT, false, 'missing', /slurm-wlm-elasticsearch-plugin/],
    [`${ELASTIC}${SERVER}/v1/slurm/jobcomp`, true, 'ok', /posts completion records/],
    [`${ELASTIC}${SERVER}/v1/slurm/jobcomp`, undefined, 'ok', /posts completion records/],
    [`${ELASTIC}http://elastic:9200/x`, true, 'wrong', /JobCompLoc is http:\/\/elastic:9200\/x/],
    [`${ELASTIC}${SERVER}/v1/slurm/jobcomp`, false, 'wrong', /cannot start again/],
  ];
test.each(COMPLETIONS)('completion records: %#', (config, plugin, status, words) => {
  const finding = judgeCompletions(parseSlurmConfig(config), SERVER, plugin);
  expect(finding.status).toBe(status);
  expect(`${finding.what}\n${finding.advice ?? ''}`).toMatch(words);
});

test('where jobs are hidden, the user of the service has to be an operator', () => {
  const hidden = withLines('PrivateData = accounts,jobs\n');
  expect(judgePrivacy(CONFIG, 'hpc-observe', undefined)).toEqual([]);
  expect(judgePrivacy(hidden, 'hpc-observe', undefined)).toMatchObject([{ status: 'missing' }]);
  expect(judgePrivacy(hidden, 'hpc-observe', 'None')).toMatchObject([{ status: 'missing' }]);
  expect(judgePrivacy(hidden, 'hpc-observe', 'Operator')).toMatchObject([{ status: 'ok' }]);
});

test('accounts are kept, or not', () => {
  expect(judgeAccounting(CONFIG).status).toBe('ok');
  expect(judgeAccounting(new Map()).status).toBe('missing');
});

describe('a hook is proved by running it', () => {
  test.each(['prolog_slurmctld', 'epilog_slurmctld', 'prolog_slurmd', 'epilog_slurmd'] as const)(
    '%s',
    async (kind) => {
      expect(await proveHook(kind, renderHook(kind, '/nowhere'))).toMatchObject({ status: 'ok' });
    },
  );

  test.each([
    ['exit 3\n', /ended with 3/],
    ['exit 0\n', /wrote no event/],
    [OURS.replace("'end\\0'", "'\\0'"), /cannot be proved.*cut off/],
  ])('one that does not work: %#', async (text, words) => {
    const finding = await proveHook('prolog_slurmctld', text);
    expect(finding.status).toBe('wrong');
    expect(finding.what).toMatch(words);
  });
});

test('findings are lines, with what to do below them', () => {
  const findings: Finding[] = [
    { status: 'ok', what: 'A.' },
    { status: 'wrong', what: 'B.', advice: 'Do c.' },
  ];
  expect(renderFindings(findings)).toBe(
    'ok       A.\nwrong    B.\n         Do c.\n\n1 ok, 0 missing, 1 wrong.\n',
  );
});
