import { $ } from 'bun';

// `bun test/run.ts unit` checks types and style and runs the fast tests, the files of which two processes share;
// `integration` builds the executable and drives it. The last line is always `N passed, N failed`.

const isIntegration = process.argv[2] === 'integration';
const files = [...new Bun.Glob('test/**/*.test.ts').scanSync('.')]
  .filter((file) => file.startsWith('test/integration/') === isIntegration)
  .sort()
  .map((file) => `./${file}`);

const steps: [name: string, command: string[]][] = isIntegration
  ? [['build', ['bun', 'build.ts']]]
  : [
      ['types', ['node_modules/.bin/tsc', '--noEmit']],
      ['lint', ['node_modules/.bin/biome', 'ci', '.']],
    ];
const succeeded = await Promise.all(steps.map(([name, command]) => runStep(name, command)));
const failedSteps = succeeded.filter((isGood) => !isGood).length;
// One executable, one port and one machine's Slurm at a time; the other tests have nothing in common. A process of
// --parallel that ends before its tests do is counted as a failure, and what a file prints stays together.
const counts = await runTests(
  isIntegration ? ['--timeout=300000'] : ['--timeout=20000', '--parallel=2', '--no-isolate'],
);
const failed = counts.fail + failedSteps;
const skipped = counts.skip > 0 ? `, ${counts.skip} skipped` : '';
console.log(`${counts.pass} passed, ${failed} failed${skipped}`);
process.exit(failed > 0 || counts.pass === 0 ? 1 : 0);

/** What it prints comes when it has ended, so that that of another does not come between. */
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
