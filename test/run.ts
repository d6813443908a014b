import { availableParallelism } from 'node:os';
import { $ } from 'bun';

// `bun test/run.ts check` checks types and style; `unit` does so beside the fast tests, which have three
// processes; `integration` builds the executable and runs the tests of it, several files at a time. The last
// line of tests is always `N passed, N failed`.

/**
 * Files of integration tests that run at the same time. Those with a real Slurm wait most of their time, for
 * jobs that sleep and for limits of a minute.
 */
const LANES = 3;
/** The files that take longest, in minutes 5 to 2; all others about one or less. */
const LONGEST = [
  'slurm.test.ts',
  'slurm-agent.test.ts',
  'slurm-kills.test.ts',
  'slurm-requeues.test.ts',
  'store-postgres.test.ts',
  'slurm-postgres.test.ts',
];
/** Random tests that also run here, with all their seeds: see help/seeds.ts. */
const THOROUGH = [
  'test/store/sqlite-lists.test.ts',
  'test/store/sqlite-runs.test.ts',
  'test/store/sqlite-views.test.ts',
  'test/store/sqlite/jobs/counts.test.ts',
  'test/store/sqlite/samples/record.test.ts',
];
/** Measures how long requests wait, to milliseconds, so that nothing may run beside it. */
const ALONE = 'neighbours.test.ts';
/**
 * A file that fails beside others is run once more, alone, when no more than this many failed. What passes
 * then is unsteady: a busy machine brought it to light, and the last lines name it, because it is to be
 * mended.
 */
const MOST_RERUN = 3;

interface Counts {
  readonly pass: number;
  readonly fail: number;
  readonly skip: number;
}

interface Outcome extends Counts {
  readonly unsteady: readonly string[];
}

const kind = process.argv[2];
const isIntegration = kind === 'integration';
const TIMEOUT = isIntegration ? '--timeout=300000' : '--timeout=20000';
const files = [...new Bun.Glob('test/**/*.test.ts').scanSync('.')]
  .filter((file) => file.startsWith('test/integration/') === isIntegration)
  .sort()
  .map((file) => `./${file}`);

const steps: [name: string, command: string[]][] = isIntegration
  ? [['build', ['bun', 'build.ts']]]
  : [
      ['types', ['node_modules/.bin/tsc', '--noEmit']],
      ['types of the pages', ['node_modules/.bin/tsc', '--noEmit', '-p', 'src/web']],
      ['lint', ['node_modules/.bin/biome', 'ci', '.']],
    ];
const succeeding = Promise.all(steps.map(([name, command]) => runStep(name, command)));
if (kind === 'check') process.exit((await succeeding).every(Boolean) ? 0 : 1);
const counts = isIntegration ? await succeeding.then(runIntegration) : await runFast();
const failedSteps = await succeeding.then((all) => steps.filter((_, index) => !all[index]));
const failed = counts.fail + failedSteps.length;
for (const file of counts.unsteady) console.log(`UNSTEADY: ${file} failed, and passed when it ran alone`);
if (failedSteps.length > 0)
  console.log(`Failed beside the tests: ${failedSteps.map(([name]) => name).join(', ')}`);
const skipped = counts.skip > 0 ? `, ${counts.skip} skipped` : '';
console.log(`${counts.pass} passed, ${failed} failed${skipped}`);
process.exit(failed > 0 || counts.pass === 0 ? 1 : 0);

/**
 * Runs a command and prints its output when it has ended,
 * so that outputs do not mix. Returns whether it succeeded.
 */
async function runStep(name: string, command: string[]): Promise<boolean> {
  const { exitCode, stdout, stderr } = await $`${command}`.nothrow().quiet();
  process.stderr.write(stdout);
  process.stderr.write(stderr);
  if (exitCode !== 0) console.error(`${name}: failed`);
  return exitCode === 0;
}

/**
 * Runs all fast tests. With --parallel, a process that ends before its tests counts as a failure, and the
 * output of a file is printed together.
 */
async function runFast(): Promise<Outcome> {
  const { counts, output } = await runTests([TIMEOUT, '--parallel=3', '--no-isolate', ...files], (chunk) =>
    process.stderr.write(chunk),
  );
  const failuresOf = new Map<string, number>();
  let file = '';
  // Ends with a list of all failures, without their files.
  for (const line of output.split(/^\d+ tests failed:$/m)[0]!.split('\n')) {
    if (/^test\/.*\.test\.ts:$/.test(line)) file = `./${line.slice(0, -1)}`;
    else if (line.startsWith('(fail) ')) failuresOf.set(file, (failuresOf.get(file) ?? 0) + 1);
  }
  return runAgain(counts, failuresOf);
}

/** Runs the files that failed once more; failures of those that pass alone no longer count. */
async function runAgain(counts: Counts, failuresOf: Map<string, number>): Promise<Outcome> {
  const unsteady: string[] = [];
  let { pass, fail } = counts;
  for (const [file, failures] of failuresOf.size > MOST_RERUN ? [] : failuresOf) {
    console.error(`\nAgain, alone: ${file}`);
    const again = await runTests([TIMEOUT, file], (chunk) => process.stderr.write(chunk));
    if (again.counts.fail > 0 || again.counts.pass === 0) continue;
    unsteady.push(file);
    pass += failures;
    fail -= failures;
  }
  return { pass, fail, skip: counts.skip, unsteady };
}

/**
 * Runs all integration tests: the long ones first, so that none is left for the end; one lane takes the
 * others, which use the processors, from the beginning. The output of a file is printed when it has ended.
 */
async function runIntegration(): Promise<Outcome> {
  const rankOf = (file: string) => {
    const place = LONGEST.findIndex((name) => file.endsWith(`/${name}`));
    if (place >= 0) return place;
    return LONGEST.length + (file.includes('/slurm-') ? 0 : 1);
  };
  const isAlone = (file: string) => file.endsWith(`/${ALONE}`);
  const queue = [...files.filter((file) => !isAlone(file)), ...THOROUGH.map((file) => `./${file}`)].sort(
    (one, other) => rankOf(one) - rankOf(other),
  );
  const all: Counts[] = [];
  const failures = new Set<string>();
  const failuresOf = new Map<string, number>();
  async function run(file: string): Promise<void> {
    const { counts, output } = await runTests([TIMEOUT, file]);
    process.stderr.write(output);
    all.push(counts);
    if (counts.fail > 0) failuresOf.set(file, counts.fail);
    for (const [line] of output.matchAll(/^\(fail\) .*$/gm)) failures.add(line);
  }
  const lanes = availableParallelism() < 2 ? 1 : LANES;
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      while (queue.length > 0) await run(lane === 1 ? queue.pop()! : queue.shift()!);
    }),
  );
  for (const file of files.filter(isAlone)) await run(file);
  for (const line of failures) console.log(line);
  const sum = (word: keyof Counts) => all.reduce((total, one) => total + one[word], 0);
  return runAgain({ pass: sum('pass'), fail: sum('fail'), skip: sum('skip') }, failuresOf);
}

/** Runs tests in a process of their own. A process that ends badly without a failed test is a failure. */
async function runTests(args: readonly string[], show: (chunk: string) => void = () => {}) {
  const isThorough = THOROUGH.some((file) => args.includes(`./${file}`)) && isIntegration;
  const env = { ...process.env, ...(isThorough && { THOROUGH: '1' }) };
  const child = Bun.spawn(['bun', 'test', ...args], { env, stderr: 'pipe', stdout: 'pipe' });
  let output = '';
  async function read(stream: typeof child.stdout): Promise<void> {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      show(chunk);
      output += chunk;
    }
  }
  await Promise.all([read(child.stdout), read(child.stderr)]);
  const exitCode = await child.exited;
  const count = (word: string) => Number(new RegExp(`^\\s*(\\d+) ${word}$`, 'm').exec(output)?.[1] ?? 0);
  const fail = count('fail');
  const counts: Counts = {
    pass: count('pass'),
    skip: count('skip'),
    fail: exitCode !== 0 && fail === 0 ? 1 : fail,
  };
  return { counts, output };
}
