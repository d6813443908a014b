import { expect, test } from 'bun:test';
import type { Report } from '../../../src/domain/report.ts';
import { slurmCommands } from '../../../src/slurm/follow/commands.ts';
import { startReconciliation } from '../../../src/slurm/follow/polls.ts';
import { reconciler } from '../../../src/slurm/follow/reconcile.ts';
import { fixedClock, NOON_MS } from '../../help/clock.ts';
import { temporaryFolder } from '../../help/folder.ts';
import { programs } from '../../help/programs.ts';
import { openStore } from '../../help/store.ts';

const SECONDS = NOON_MS / 1000;

// The programs print the lines of a file with "|" between their columns, and replace it by the separator of
// the call, which they find in their arguments. JobID, JobArrayID, UserName, Account, Partition, QOS, State,
// SubmitTime, StartTime, EndTime, ...
const SQUEUE = `
  test "$1" = --version && { echo 'slurm-wlm 22.05.8'; exit; }
  separator=$(printf '%s' "$*" | sed -n 's/.*WorkDir:\\(|[a-z]*|\\).*/\\1/p')
  sed "s/$/#/; s/[|]/$separator/g; s/#/$separator/" "$(dirname "$0")/../queue" 2>/dev/null; exit 0`;
const SACCT = `
  echo "$*" >> "$(dirname "$0")/../calls"
  test "$1" = --helpformat && { echo 'Account JobID'; exit; }
  separator=$(printf '%s' "$*" | sed -n 's/.*--delimiter=\\(|[a-z]*|\\).*/\\1/p')
  sed "s/$/#/; s/[|]/$separator/g; s/#/$separator/" "$(dirname "$0")/../records"`;

const waiting = (id: number) =>
  `${id}|${id}|alice|physics|debug|normal|PENDING|${SECONDS - 100}|N/A|N/A|10:00||cpu=1,mem=1G,node=1|0|test|0|Priority|a|/home|0:00|N/A`;
const running = (id: number) =>
  `${id}|${id}|alice|physics|debug|normal|RUNNING|${SECONDS - 100}|${SECONDS - 50}|${SECONDS + 500}|10:00|n[1-2]|cpu=2,mem=1G,node=2|0|test|0|None|a|/home|0:50|N/A`;
const HEADER =
  'JobIDRaw|JobID|Cluster|User|Account|Partition|QOS|State|ExitCode|Submit|Start|End|TimelimitRaw|NodeList|AllocTRES|ReqTRES|Reason|JobName|WorkDir|Suspended';
const record = (id: number, state = 'TIMEOUT') =>
  `${id}|${id}|test|alice|physics|debug|normal|${state}|0:0|${SECONDS - 100}|${SECONDS - 50}|${SECONDS - 10}|10|n[1-2]|cpu=2|cpu=2|None|a|/home|00:00:00`;

async function startScene(patienceMs = 60_000) {
  const scripts = programs({ squeue: SQUEUE, sacct: SACCT, scontrol: 'echo PrivateData = none' });
  const folder = temporaryFolder();
  const clock = fixedClock();
  const store = await openStore(folder.file('test.db'));
  const warnings: string[] = [];
  const debugged: [event: string, fields: Record<string, unknown>][] = [];
  let delivered: Report[] = [];
  const write = (name: string, lines: string[]) =>
    Bun.write(scripts.file(name), lines.map((line) => `${line}\n`).join(''));
  await write('queue', []);
  await write('records', [HEADER]);
  const options = {
    commands: slurmCommands({ env: scripts.env, now: clock.now }),
    deliver: async (reports: readonly Report[]) => {
      await store.applyReports(reports);
      delivered.push(...reports);
    },
    listUnconfirmed: (sinceMs: number) => store.listUnconfirmed(sinceMs),
    readLastPollMs: () => store.readState('look'),
    saveLastPollMs: (timeMs: number) => store.saveState('look', timeMs),
    warn: (event: string, fields: Record<string, unknown>) =>
      void warnings.push(`${event} ${JSON.stringify(fields)}`),
    debug: (event: string, fields: Record<string, unknown>) => void debugged.push([event, fields]),
    now: clock.now,
    patienceMs,
  };
  let current = reconciler(options);
  return {
    options,
    store,
    clock,
    warnings,
    debugged,
    scripts,
    write,
    restart() {
      current = reconciler(options);
    },
    /** Polls once and returns the reports it delivered. */
    async poll() {
      delivered = [];
      await current.poll(new AbortController().signal);
      return delivered;
    },
    calls: async () =>
      (await Bun.file(scripts.file('calls')).text())
        .trim()
        .split('\n')
        .filter((line) => !line.includes('--helpformat')),
    stateOf: async (id: string) => (await store.getJob(id)).state,
    async [Symbol.asyncDispose]() {
      await store.close();
      scripts[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

test('jobs that squeue shows are stored', async () => {
  await using scene = await startScene();
  await scene.write('queue', [waiting(1), running(2)]);
  await scene.poll();
  expect(scene.warnings).toEqual([]);
  expect(await scene.store.getJob('1')).toMatchObject({ state: 'pending', user: 'alice', nodes: [] });
  expect(await scene.store.getJob('2')).toMatchObject({
    ...{ state: 'running', nodes: ['n1', 'n2'], startTimeMs: NOON_MS - 50_000 },
    details: { account: 'physics', cpus: 2, memoryLimitMb: 1024, timeLimitSeconds: 600, cluster: 'test' },
  });
});

test('each poll is logged for debugging, with the reports it delivered', async () => {
  await using scene = await startScene();
  await scene.write('queue', [waiting(1), running(2)]);
  await scene.poll();
  await scene.poll();
  const polls = [2, 0].map((reports) => ['slurm_poll', { ms: expect.any(Number), reports }]);
  expect(scene.debugged).toEqual(polls as never);
});

test('unchanged rows of squeue are delivered again only every ten minutes', async () => {
  await using scene = await startScene();
  await scene.write('queue', [waiting(1), running(2)]);
  expect(await scene.poll()).toHaveLength(2);
  await scene.write('queue', [running(1), running(2)]);
  expect((await scene.poll()).map(({ id }) => id)).toEqual(['1']);
  scene.clock.advance(600_000);
  expect(await scene.poll()).toHaveLength(2);
});

test('jobs that left the queue are looked up in one call of sacct', async () => {
  await using scene = await startScene();
  await scene.write('queue', [running(1), running(2), running(3)]);
  await scene.poll();
  await scene.write('queue', [running(3)]);
  await scene.write('records', [HEADER, record(1), record(2, 'CANCELLED by 1001')]);
  await scene.poll();
  const states = await Promise.all(['1', '2', '3'].map(scene.stateOf));
  expect(states).toEqual(['failed', 'cancelled', 'running']);
  expect(await scene.store.getJob('1')).toMatchObject({
    isEndConfirmed: true,
    details: { rawState: 'TIMEOUT' },
  });
  const asked = (await scene.calls()).filter((line) => line.includes(' -j '));
  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain('-j 1,2 ');
});

test('a job that neither squeue nor sacct knows fails after some time, until sacct has its record', async () => {
  await using scene = await startScene(60_000);
  await scene.write('queue', [running(1)]);
  await scene.poll();
  await scene.write('queue', []);
  await scene.poll();
  scene.clock.advance(59_000);
  await scene.poll();
  expect(await scene.stateOf('1')).toBe('running');
  scene.clock.advance(2000);
  await scene.poll();
  expect(await scene.store.getJob('1')).toMatchObject({
    ...{ state: 'failed', endTimeMs: NOON_MS, isEndConfirmed: false },
    details: { reason: 'The job left the queue and Slurm has no record of its end.' },
  });
  await scene.write('records', [HEADER, record(1)]);
  await scene.poll();
  expect(await scene.store.getJob('1')).toMatchObject({ state: 'failed', endTimeMs: NOON_MS - 10_000 });
});

test('a job that squeue does not show is not failed while Slurm hides the jobs of others', async () => {
  await using scene = await startScene(60_000);
  scene.scripts.write('scontrol', 'echo "PrivateData = accounts,jobs"');
  await scene.write('queue', [running(1)]);
  await scene.poll();
  await scene.write('queue', []);
  await scene.poll();
  scene.clock.advance(61_000);
  await scene.poll();
  await scene.poll();
  expect(await scene.stateOf('1')).toBe('running');
  expect(scene.warnings).toHaveLength(1);
  expect(scene.warnings[0]).toContain('user an operator in Slurm');
  // An operator sees the jobs of others.
  await scene.write('queue', [running(2)]);
  await scene.poll();
  expect(await scene.stateOf('1')).toBe('failed');
});

test('sacct is asked for earlier runs of a requeued job until they are known', async () => {
  await using scene = await startScene();
  const requeued = running(1).replace('node=2|0|test', 'node=2|2|test').replace('|RUNNING|', '|RUNNING|');
  await scene.write('queue', [requeued]);
  await scene.poll();
  expect((await scene.calls()).filter((line) => line.includes(' -j 1 '))).toHaveLength(1);
  const earlier = (start: number, end: number) =>
    record(1, 'REQUEUED').replace(
      `|${SECONDS - 100}|${SECONDS - 50}|${SECONDS - 10}|`,
      `|${start}|${start}|${end}|`,
    );
  await scene.write('records', [
    HEADER,
    earlier(SECONDS - 5000, SECONDS - 4000),
    earlier(SECONDS - 3000, SECONDS - 2000),
  ]);
  // A request in vain is repeated a little later.
  await scene.poll();
  expect(await Array.fromAsync(scene.store.streamRuns('1'))).toHaveLength(1);
  scene.clock.advance(15_000);
  await scene.poll();
  const runs = await Array.fromAsync(scene.store.streamRuns('1'));
  expect(runs.map(({ job }) => [job.state, job.isEndConfirmed])).toEqual([
    ['running', undefined],
    ['cancelled', true],
    ['cancelled', true],
  ]);
  scene.clock.advance(60_000);
  await scene.poll();
  await scene.poll();
  expect((await scene.calls()).filter((line) => line.includes(' -j 1 '))).toHaveLength(2);
});

test('a job that squeue shows as completed without an end is looked up in sacct and ended when it lost its nodes', async () => {
  await using scene = await startScene();
  await scene.write('queue', [running(1)]);
  await scene.poll();
  const emptied = running(1)
    .replace('|RUNNING|', '|COMPLETED|')
    .replace('|n[1-2]|', '||')
    .replace('0:50|N/A', '0:50|INVALID');
  await scene.write('queue', [emptied]);
  await scene.poll();
  expect(await scene.stateOf('1')).toBe('running');
  const part = record(1, 'RESIZING').replace(`|${SECONDS - 10}|`, `|${SECONDS - 20}|`);
  const rest = record(1, 'COMPLETED')
    .replace(
      `|${SECONDS - 100}|${SECONDS - 50}|${SECONDS - 10}|`,
      `|${SECONDS - 20}|${SECONDS - 20}|Unknown|`,
    )
    .replace('|n[1-2]|', '|None assigned|');
  await scene.write('records', [HEADER, part, rest]);
  await scene.poll();
  const [run, ...others] = await Array.fromAsync(scene.store.streamRuns('1'));
  expect(others).toEqual([]);
  expect(run!.job).toMatchObject({
    state: 'completed',
    startTimeMs: NOON_MS - 50_000,
    endTimeMs: NOON_MS - 20_000,
    isEndConfirmed: true,
  });
});

test('the first poll after a start asks sacct for the time since the last poll', async () => {
  await using scene = await startScene();
  await scene.write('records', [HEADER, record(1)]);
  await scene.poll();
  expect(await scene.stateOf('1')).toBe('failed');
  scene.clock.advance(3_600_000);
  await scene.poll();
  scene.restart();
  scene.clock.advance(3_600_000);
  await scene.poll();
  const spans = (await scene.calls())
    .map((line) => /-S (\S+) -E (\S+ (?:-s \S+)?)/.exec(line)?.slice(1))
    .filter(Boolean);
  // Jobs that were cancelled while held are found only by their end.
  expect(spans).toEqual([
    ['2026-01-19T11:50:00', '2026-01-20T12:00:01 '],
    ['2026-01-19T11:50:00', '2026-01-20T12:00:01 -s CANCELLED,DEADLINE'],
    ['2026-01-20T12:50:00', '2026-01-20T14:00:01 '],
    ['2026-01-20T12:50:00', '2026-01-20T14:00:01 -s CANCELLED,DEADLINE'],
  ]);
});

test('a failing Slurm command is logged, changes no job and is repeated', async () => {
  await using scene = await startScene();
  await scene.write('queue', [running(1)]);
  await scene.poll();
  scene.scripts.write(
    'squeue',
    'echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1',
  );
  scene.scripts.write('sacct', 'echo "sacct: error: slurm_persist_conn_open" >&2; exit 1');
  scene.clock.advance(3_600_000);
  await scene.poll();
  expect(await scene.stateOf('1')).toBe('running');
  expect(scene.warnings.join('\n')).toContain('Unable to contact slurm controller');
  scene.scripts.write('squeue', SQUEUE);
  await scene.poll();
  // While sacct fails, the job is not known to have failed.
  expect(await scene.stateOf('1')).toBe('running');
});

test('the columns of squeue and sacct are read again after a failed call, as Slurm may have been upgraded', async () => {
  await using scene = await startScene();
  const log = 'printf "%s\\n" "$1" >> "$(dirname "$0")/../first"';
  const failing = (question: string) => `${log}\ntest "$1" = ${question} || exit 1\necho 'slurm-wlm 22.05.8'`;
  scene.scripts.write('squeue', failing('--version'));
  scene.scripts.write('sacct', failing('--helpformat'));
  await scene.poll();
  scene.scripts.write('squeue', `${log}\n${SQUEUE}`);
  scene.scripts.write('sacct', `${log}\n${SACCT}`);
  await scene.poll();
  await scene.poll();
  const first = (await Bun.file(scene.scripts.file('first')).text()).trim().split('\n');
  const once = ['--helpformat', '-a', '--version', '-a'];
  // The second poll asks sacct twice, for the gap; the third asks only squeue, with the columns it knows.
  expect(first).toEqual([...once, '--helpformat', '-a', '-a', '--version', '-a', '-a']);
});

test('one slow squeue does not delay the following polls', async () => {
  await using scene = await startScene();
  scene.scripts.write('squeue', 'sleep 1');
  const countPolls = () => scene.options.commands.states().get('squeue')?.calls ?? 0;
  const reconciliation = startReconciliation({ ...scene.options, intervalMs: 100 });
  await Bun.sleep(1200);
  scene.scripts.write('squeue', SQUEUE);
  await Bun.sleep(3000);
  await reconciliation.stop();
  expect(countPolls()).toBeGreaterThan(3);
});

test('a requested poll comes soon, one for all requests', async () => {
  await using scene = await startScene();
  // The first call asks for the version.
  const countPolls = () => (scene.options.commands.states().get('squeue')?.calls ?? 0) - 1;
  const reconciliation = startReconciliation({ ...scene.options, intervalMs: 3_600_000 });
  await Bun.sleep(500);
  expect(countPolls()).toBe(1);
  for (let time = 0; time < 5; time++) reconciliation.hasten();
  await Bun.sleep(1500);
  expect(countPolls()).toBe(1);
  // This request came too late for the poll of the others.
  reconciliation.hasten();
  await Bun.sleep(2500);
  expect(countPolls()).toBe(2);
  await Bun.sleep(2500);
  expect(countPolls()).toBe(3);
  await reconciliation.stop();
});
