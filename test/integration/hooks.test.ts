import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { $ } from 'bun';
import { REPORT_READER, readEvent } from '../../src/slurm/hooks/event.ts';
import { startSpool } from '../../src/slurm/hooks/spool.ts';
import { runExecutable } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { testWith } from '../help/tool.ts';
import { readFixture } from '../slurm/hook-file.ts';

/** The goal is 50 ms on a head node; a machine that runs tests may be busy. */
const MAX_MEDIAN_MS = 500;
const FILES = ['prolog-slurmctld', 'epilog-slurmctld', 'prolog', 'epilog'];

const folder = temporaryFolder();
const hooks = folder.file('hooks');
const spool = folder.file("spool of 'jobs'");

beforeAll(async () => {
  chmodSync(folder.path, 0o755);
  mkdirSync(spool);
  const { exitCode, stderr } = await writeHooks(hooks, spool);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  await writeHooks(folder.file('disk-hooks'), disk);
  if (isPermitted) return;
  if (process.env.CI) throw new Error('CI must be allowed to mount a tmpfs; run it as root.');
  console.error('\nSKIPPED: a small disk needs the right to mount a tmpfs; run as root.\n');
});
afterAll(async () => {
  if (isPermitted) await $`umount -l ${disk}`.quiet();
  folder[Symbol.dispose]();
});

const writeHooks = (into: string, spoolFolder: string) =>
  runExecutable(['slurm', 'hooks', into, '--spool', spoolFolder], { folder: folder.path });

interface Call {
  readonly variables: Record<string, string>;
  readonly script?: string;
  /** The shell that runs the script; the one of its first line if left out. */
  readonly shell?: readonly string[];
}

/**
 * Runs a hook as Slurm does, with only the variables in its environment; expects exit code 0 and no output.
 * Returns ms.
 */
async function call({
  variables,
  script = join(hooks, 'prolog-slurmctld'),
  shell = [],
}: Call): Promise<number> {
  const startMs = performance.now();
  const child = Bun.spawn([...shell, script], { env: variables, cwd: '/', stdout: 'pipe', stderr: 'pipe' });
  const output = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  expect(await child.exited).toBe(0);
  const durationMs = performance.now() - startMs;
  expect(output).toEqual(['', '']);
  return durationMs;
}

/** Runs a hook eleven times in a row; prints the median time and checks that it is short. */
async function timeCalls(title: string, given: Call): Promise<void> {
  const durations: number[] = [];
  for (let round = 0; round < 11; round++) durations.push(await call(given));
  const median = durations.sort((a, b) => a - b)[5]!;
  console.log(`a hook, ${title}: median ${median.toFixed(1)} ms, worst ${durations.at(-1)!.toFixed(1)} ms`);
  expect(median).toBeLessThan(MAX_MEDIAN_MS);
}

/** The events of a folder; a node's Prolog also makes a folder for what its jobs hold. */
const eventsIn = (from: string) => readdirSync(from).filter((name) => name.endsWith('.event'));

/** Reads the events of a spool folder and removes them. */
function take(from = spool) {
  return eventsIn(from)
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(from, name));
      rmSync(join(from, name));
      return { name, bytes, texts: bytes.toString().split('\0') };
    });
}

const JOB = readFixture('prolog_slurmctld.job9.head01.1').variables;
const LONG = 'x'.repeat(100_000);
const HOSTILE: [title: string, text: string][] = [
  ['quotes', `"a' 'b" "`],
  ['lines', 'a\nb\r\n\n'],
  ['backslashes', '\\ \\n \\0 \\c \\'],
  ['commands', `$(touch ${folder.file('ran')}) \`touch ${folder.file('ran')}\` $PATH $$; exit 3`],
  ['formats', '%s%d%n %'],
  ['an option', '-n'],
  ['a path', '../../../etc/passwd'],
  ['a pattern', '* ? [a-z] ~ {a,b}'],
  ['other letters', 'Zoë \u{1f600} \u0001\u007f'],
  ['100 kB', LONG],
];
const SHELLS = ['dash', 'bash', 'busybox'].filter((name) => Bun.which(name));

describe.each(SHELLS)('in %s', (name) => {
  const shell = [Bun.which(name)!, ...(name === 'busybox' ? ['sh'] : [])];

  test.each(HOSTILE)(`in ${name}, %s in every text of a job arrive unchanged`, async (_, text) => {
    const texts = ['USER', 'ACCOUNT', 'PARTITION', 'QOS', 'NAME', 'WORK_DIR'].map(
      (part) => `SLURM_JOB_${part}`,
    );
    const variables = { SLURM_JOB_ID: '7', ...Object.fromEntries(texts.map((variable) => [variable, text])) };
    await call({ variables, shell });
    const [file, ...others] = take();
    expect(others).toEqual([]);
    expect(file!.texts.slice(0, 2)).toEqual(['hpc-observe hook 1', 'SLURM_JOB_ID=7']);
    expect(file!.texts.slice(2, -2).sort()).toEqual(texts.map((variable) => `${variable}=${text}`).sort());
    expect(file!.texts.slice(-2)).toEqual(['end', '']);
    expect(readEvent(file!.name, file!.bytes)).toMatchObject({ id: '7', state: 'running' });
    expect(existsSync(folder.file('ran'))).toBe(false);
  });

  test.each(HOSTILE)(
    `in ${name}, %s in place of the numbers of the file name do no harm`,
    async (_, text) => {
      await call({ variables: { SLURM_JOB_ID: text, SLURM_JOB_RESTART_COUNT: text }, shell });
      const [file, ...others] = take();
      expect(others).toEqual([]);
      expect(file!.texts[1]).toBe(`SLURM_JOB_ID=${text}`);
      expect(() => readEvent(file!.name, file!.bytes)).toThrow(/invalid job id/);
    },
  );
});

describe('a hook', () => {
  const CALLS: [file: string, fixture: string, expected: object][] = [
    [
      'prolog-slurmctld',
      'prolog_slurmctld.job9.head01.1',
      { state: 'running', nodes: ['node01', 'node02', 'node03'] },
    ],
    ['epilog-slurmctld', 'epilog_slurmctld.job11.head01.1', { state: 'failed', exitCode: 3 }],
    ['prolog', 'prolog_slurmd.job15.node03.1', { allocations: [{ node: 'node03', cpus: 1, gpuIds: ['0'] }] }],
    ['epilog', 'epilog_slurmd.job15.node03.1', { allocations: [{ node: 'node03', cpus: 1, gpuIds: ['0'] }] }],
  ];
  test.each(CALLS)(
    'the hook %s writes what Slurm passed to it, and the time',
    async (file, fixture, expected) => {
      const { variables } = readFixture(fixture);
      const beforeMs = Date.now();
      await call({ variables, script: join(hooks, file) });
      const [event] = take();
      const report = readEvent(event!.name, event!.bytes);
      expect(report).toMatchObject({ id: variables.SLURM_JOB_ID!, user: 'alice', ...expected });
      expect(report.observedMs).toBeGreaterThanOrEqual(beforeMs);
      expect(report.observedMs).toBeLessThanOrEqual(Date.now());
    },
  );

  test('a hook writes files that only their owner and group can read', async () => {
    await call({ variables: JOB });
    const modes = await $`stat -c %a ${spool}/${eventsIn(spool)[0]}`.text();
    take();
    expect(modes).toBe('640\n');
  });

  test('a hook ends within half a second, also with a name of 100 kB', async () => {
    await timeCalls('of an ordinary job', { variables: JOB });
    await timeCalls('with 100 kB for a name', { variables: { ...JOB, SLURM_JOB_NAME: LONG } });
    expect(take()).toHaveLength(22);
  });

  test('200 hooks that run at once lose no event', async () => {
    const ids = Array.from({ length: 200 }, (_, position) => String(position + 1));
    const delivered: string[] = [];
    const reader = startSpool({
      reader: REPORT_READER,
      folder: spool,
      now: Date.now,
      debug: () => {},
      warn: (event) => expect(event).toBe(''),
      deliver: async (reports) => {
        delivered.push(...reports.map(({ id }) => id));
      },
    });
    await Promise.all(ids.map((id) => call({ variables: { ...JOB, SLURM_JOB_ID: id } })));
    while (eventsIn(spool).length > 0) await Bun.sleep(10);
    await reader.stop();
    expect(reader.state()).toEqual({ length: 0, processed: 200, bad: 0, failed: 0 });
    expect(delivered.sort()).toEqual(ids.sort());
  });

  test('hooks of the same job at the same moment write different files', async () => {
    await Promise.all(Array.from({ length: 20 }, () => call({ variables: JOB })));
    expect(take()).toHaveLength(20);
  });
});

describe('a hook with a bad spool folder', () => {
  test('a hook ends well and soon without a spool folder', async () => {
    await writeHooks(folder.file('gone-hooks'), folder.file('gone'));
    await timeCalls('folder gone', { variables: JOB, script: folder.file('gone-hooks/prolog') });
    expect(readdirSync(folder.path)).not.toContain('gone');
  });

  test('a hook ends well when its spool folder is a file', async () => {
    writeFileSync(folder.file('file'), 'mine');
    await writeHooks(folder.file('file-hooks'), folder.file('file'));
    await call({ variables: JOB, script: folder.file('file-hooks/epilog') });
    expect(readFileSync(folder.file('file'), 'utf8')).toBe('mine');
  });

  const isRoot = process.getuid?.() === 0;
  (isRoot ? testWith(['setpriv']) : test)(
    'a hook ends well and soon when it cannot write to its spool folder',
    async () => {
      const closed = folder.file('closed');
      mkdirSync(closed, { mode: 0o500 });
      await writeHooks(folder.file('closed-hooks'), closed);
      const shell = isRoot ? [Bun.which('setpriv')!, '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
      await timeCalls('folder closed', { variables: JOB, script: folder.file('closed-hooks/prolog'), shell });
      expect(readdirSync(closed)).toEqual([]);
    },
  );
});

const disk = folder.file('disk');
const isPermitted = await mountSmallDisk();

async function mountSmallDisk(): Promise<boolean> {
  mkdirSync(disk);
  const mounted = await $`mount -t tmpfs -o size=256k,nr_inodes=16 tmpfs ${disk}`.quiet().nothrow();
  return mounted.exitCode === 0;
}

(isPermitted ? describe : describe.skip)('a hook on a full disk', () => {
  const script = folder.file('disk-hooks/epilog-slurmctld');

  test('a hook on a disk without a free block ends well and leaves no file', async () => {
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(bavail * bsize));
    expect(statfsSync(disk).bavail).toBe(0);
    await timeCalls('disk full', { variables: JOB, script });
    expect(readdirSync(disk)).toEqual(['ballast']);
    rmSync(join(disk, 'ballast'));
  });

  test('a hook whose disk becomes full while it writes ends well and leaves no file', async () => {
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, 'ballast'), Buffer.alloc((bavail - 2) * bsize));
    await call({ variables: { ...JOB, SLURM_JOB_NAME: LONG }, script });
    expect(readdirSync(disk)).toEqual(['ballast']);
    rmSync(join(disk, 'ballast'));
  });

  test('a hook on a disk without a free inode ends well', async () => {
    let count = 0;
    while (statfsSync(disk).ffree > 0) writeFileSync(join(disk, `ballast${count++}`), '');
    await call({ variables: JOB, script });
    expect(readdirSync(disk)).toHaveLength(count);
    for (const name of readdirSync(disk)) rmSync(join(disk, name));
  });

  test('a hook writes again as soon as the disk has space', async () => {
    await call({ variables: JOB, script });
    expect(take(disk)).toHaveLength(1);
  });
});

testWith(['shellcheck'])('shellcheck accepts the hook scripts', async () => {
  const { exitCode, stdout } = await $`shellcheck ${FILES.map((file) => join(hooks, file))}`
    .nothrow()
    .quiet();
  expect(stdout.toString()).toBe('');
  expect(exitCode).toBe(0);
});
