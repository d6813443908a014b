import { $ } from 'bun';

// `bun test/run.ts check` checks types and style; `unit` does so and runs the
// fast tests in three processes; `integration` builds the executable and runs
// the tests of it. The last line of tests is always `N passed, N failed`.

const kind = process.argv[2];
const isIntegration = kind === 'integration';
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
const succeeded = await Promise.all(steps.map(([name, command]) => runStep(name, command)));
const failedSteps = steps.filter((_, index) => !succeeded[index]).map(([name]) => name);
if (kind === 'check') process.exit(failedSteps.length > 0 ? 1 : 0);
// Integration tests share the machine's Slurm, disks and processors, so they run one after the other. With
// --parallel, a process that ends before its tests counts as a failure, and the output of a file is printed
// together.
const counts = await runTests(
  isIntegration ? ['--timeout=300000'] : ['--timeout=20000', '--parallel=3', '--no-isolate'],
);
const failed = counts.fail + failedSteps.length;
if (failedSteps.length > 0) console.log(`Failed before the tests: ${failedSteps.join(', ')}`);
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

async function runTests(options: readonly string[]) {
  const child = Bun.spawn(['bun', 'test', ...options, ...files], { stderr: 'pipe', stdout: 'inherit' });
  let output = '';
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    process.stderr.write(chunk);
    output += chunk;
  }
  const exitCode = await child.exited;
  const count = (word: string) => Number(new RegExp(`^\\s*(\\d+) ${word}$`, 'm').exec(output)?.[1] ?? 0);
  const fail = count('fail');
  return { pass: count('pass'), skip: count('skip'), fail: exitCode !== 0 && fail === 0 ? 1 : fail };
}
