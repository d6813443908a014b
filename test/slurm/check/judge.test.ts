import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Checkup, renderCheckups } from '../../../src/domain/checkup.ts';
import {
  type FolderState,
  judgeAccounting,
  judgeCompletions,
  judgeHook,
  judgePrivacy,
  judgeSpool,
  type ScriptFile,
  spoolOf,
} from '../../../src/slurm/check/judge.ts';
import { rehearseHook } from '../../../src/slurm/check/rehearse.ts';
import { renderHook } from '../../../src/slurm/hooks/scripts.ts';
import { parseSlurmConfig, readUserId } from '../../../src/slurm/records/slurm-conf.ts';

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
test.each(VALUES)('scontrol show config gives %s the values %p', (name, values) => {
  expect(CONFIG.get(name)).toEqual(values as string[]);
});

test('a setting that scontrol prints twice has two values', () => {
  expect(withLines('Prolog[0] = /a\nProlog[1]               = /b\n').get('Prolog')).toEqual(['/a', '/b']);
});

test.each([
  ['slurm(64030)', 64030],
  ['root(0)', 0],
  ['slurm', undefined],
  [undefined, undefined],
])('the user %p has the uid %p', (text, id) => {
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

const HOOKS: [what: string, scripts: ScriptFile[], status: Checkup['status'], words: RegExp][] = [
  ['is not set', [], 'missing', /PrologSlurmctld=\/etc\/slurm\/hpc-observe\/prolog-slurmctld$/],
  ['is our script', [script(OURS)], 'ok', /our script \/x\/prolog/],
  ['is our script beside another', [script('#!/bin/sh\n'), script(OURS)], 'ok', /our script/],
  [
    'is another script',
    [script('#!/bin/sh\n')],
    'missing',
    /not our script.*call \/etc\/slurm\/hpc-observe\/prolog/s,
  ],
  [
    'is another script with the name of ours',
    [script('#!/bin/sh\n', { path: `${FOLDER}/prolog-slurmctld` })],
    'missing',
    /with the name of ours.*Rename.*hpc-observe slurm hooks \/etc\/slurm\/hpc-observe/s,
  ],
  ['cannot be read', [script(undefined)], 'wrong', /cannot be read/],
  ['is not executable', [script(OURS, { isExecutable: false })], 'wrong', /chmod 755 \/x\/prolog/],
  [
    'is the script of another hook',
    [script(renderHook('epilog_slurmd', '/s'))],
    'wrong',
    /script of epilog_slurmd/,
  ],
  ['was changed', [script(`${OURS}\n# more\n`)], 'wrong', /another version/],
];
test.each(HOOKS)('slurm check judges a hook that %s', (_, scripts, status, words) => {
  const finding = judgeHook('prolog_slurmctld', scripts, FOLDER);
  expect(finding.status).toBe(status);
  expect(`${finding.what}\n${finding.advice ?? ''}`).toMatch(words);
});

test('the spool folder is read from the script as the shell would read it', () => {
  expect(spoolOf(OURS)).toBe("/it's/spool");
});

const folder = (uid: number, mode: number): FolderState => ({ uid, mode, isFolder: true });
const SPOOLS: [state: FolderState | undefined, uid: number, status: Checkup['status'], words: RegExp][] = [
  [folder(64030, 0o2770), 64030, 'ok', /can write to the spool folder/],
  [undefined, 64030, 'wrong', /does not exist/],
  [{ ...folder(64030, 0o2770), isFolder: false }, 64030, 'wrong', /not a folder/],
  [folder(64030, 0o2777), 64030, 'wrong', /Every user may write/],
  [folder(0, 0o2750), 64030, 'wrong', /may not write/],
  [folder(64030, 0o700), 64030, 'wrong', /service may not remove events/],
  [folder(64030, 0o770), 64030, 'wrong', /setgid/],
  // slurmd runs its hooks as root. On a cluster of one machine it shares the folder with slurmctld.
  [folder(64030, 0o2770), 0, 'ok', /can write to the spool folder/],
  [folder(0, 0o2770), 0, 'ok', /can write to the spool folder/],
  [folder(0, 0o700), 0, 'wrong', /service may not remove events/],
];
test.each(SPOOLS)(
  'slurm check judges the spool folder %p that hooks of uid %p write to as %s',
  (state, uid, status, words) => {
    const finding = judgeSpool('/s', state, uid);
    expect([finding.status, words.test(finding.what)]).toEqual([status, true]);
    if (status === 'wrong') expect(finding.advice).toBe('install -d -o slurm -g hpc-observe -m 2770 /s');
  },
);

const SERVER = 'http://127.0.0.1:8080';
const ELASTIC = 'JobCompType = jobcomp/elasticsearch\nJobCompLoc = ';
const COMPLETIONS: [config: string, plugin: boolean | undefined, status: Checkup['status'], words: RegExp][] =
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
    [`${ELASTIC}${SERVER}/v1/slurm/jobcomp`, false, 'wrong', /will not start again/],
  ];
test.each(COMPLETIONS)(
  'slurm check judges where completion records go: case %#',
  (config, plugin, status, words) => {
    const service = { url: SERVER, isHere: true };
    const finding = judgeCompletions(parseSlurmConfig(config), service, plugin);
    expect(finding.status).toBe(status);
    expect(`${finding.what}\n${finding.advice ?? ''}`).toMatch(words);
  },
);

test('the advice names a version of slurmctld that crashes where it cannot post', () => {
  const adviceOf = (version: string) =>
    judgeCompletions(
      parseSlurmConfig(`SLURM_VERSION = ${version}\n${ELASTIC}${SERVER}/v1/slurm/jobcomp`),
      { url: SERVER, isHere: true },
      true,
    );
  expect(adviceOf('24.11.5')).toMatchObject({ status: 'ok', advice: expect.stringContaining('crashes') });
  for (const version of ['22.05.8', '26.05.5']) expect(adviceOf(version).advice).toBeUndefined();
});

const TOKEN = 'hpo_secretOfSlurmctld';
const REMOTE = { url: 'http://observe:8080', isHere: false };
const AT_REMOTE = `${ELASTIC}${REMOTE.url}/v1/slurm/jobcomp`;
const TOKENS: [config: string, service: typeof REMOTE, status: Checkup['status'], words: RegExp][] = [
  [
    TEXT,
    REMOTE,
    'missing',
    /JobCompLoc=http:\/\/observe:8080\/v1\/slurm\/jobcomp\/TOKEN; .*token create --name slurmctld --role ingest/,
  ],
  [AT_REMOTE, REMOTE, 'wrong', /has no token.*jobcomp\/TOKEN/s],
  [
    `${AT_REMOTE}/${TOKEN}`,
    REMOTE,
    'ok',
    /jobcomp\/…\.\n.*shows the token.*to every user.*nothing else may use it\.$/s,
  ],
  [`${AT_REMOTE}/${TOKEN}/`, REMOTE, 'ok', /to every user/],
  [`${ELASTIC}${SERVER}/v1/slurm/jobcomp/${TOKEN}`, { url: SERVER, isHere: true }, 'ok', /needs no token/],
  [
    `${ELASTIC}http://other:1/v1/slurm/jobcomp/${TOKEN}`,
    REMOTE,
    'wrong',
    /is http:\/\/other:1\/v1\/slurm\/jobcomp\/…, but/,
  ],
  [`${ELASTIC}http://other:1/${TOKEN}`, REMOTE, 'wrong', /is http:\/\/other:1\/hpo_…, but/],
];
test.each(TOKENS)(
  'slurm check judges a token in JobCompLoc, and never prints it: case %#',
  (config, service, status, words) => {
    const finding = judgeCompletions(parseSlurmConfig(config), service, true);
    const text = `${finding.what}\n${finding.advice ?? ''}`;
    expect([finding.status, text]).toEqual([status, expect.stringMatching(words)]);
    expect(text).not.toContain('secretOf');
  },
);

test('slurm check wants the user of the service to be an operator where jobs are hidden', () => {
  const hidden = withLines('PrivateData = accounts,jobs\n');
  expect(judgePrivacy(CONFIG, 'hpc-observe', undefined)).toEqual([]);
  expect(judgePrivacy(hidden, 'hpc-observe', undefined)).toMatchObject([{ status: 'missing' }]);
  expect(judgePrivacy(hidden, 'hpc-observe', 'None')).toMatchObject([{ status: 'missing' }]);
  expect(judgePrivacy(hidden, 'hpc-observe', 'Operator')).toMatchObject([{ status: 'ok' }]);
});

test('slurm check finds out whether Slurm has accounting', () => {
  expect(judgeAccounting(CONFIG).status).toBe('ok');
  expect(judgeAccounting(new Map()).status).toBe('missing');
});

describe('rehearseHook', () => {
  test.each(['prolog_slurmctld', 'epilog_slurmctld', 'prolog_slurmd', 'epilog_slurmd'] as const)(
    'the script of %s passes a rehearsal',
    async (kind) => {
      expect(await rehearseHook(kind, renderHook(kind, '/nowhere'))).toMatchObject({ status: 'ok' });
    },
  );

  test.each([
    ['exit 3\n', /ended with 3/],
    ['exit 0\n', /wrote no event/],
    [OURS.replace("'end\\0'", "'\\0'"), /failed: .*is incomplete/],
  ])('a broken hook script fails its rehearsal: case %#', async (text, words) => {
    const finding = await rehearseHook('prolog_slurmctld', text);
    expect(finding.status).toBe('wrong');
    expect(finding.what).toMatch(words);
  });
});

test('findings are printed as lines with the advice below each', () => {
  const findings: Checkup[] = [
    { status: 'ok', what: 'A.' },
    { status: 'wrong', what: 'B.', advice: 'Do c.' },
  ];
  expect(renderCheckups(findings)).toBe(
    'ok       A.\nwrong    B.\n         Do c.\n\n1 ok, 0 missing, 1 wrong.\n',
  );
});
