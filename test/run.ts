import { $ } from 'bun';

// `bun test/run.ts unit` checks types and style and runs the fast tests; `integration` builds the executable and drives
// it. The last line is always `N passed, N failed`.

const isIntegration = process.argv[2] === 'integration';
const files = [...new Bun.Glob('test/**/*.test.ts').scanSync('.')]
  .filter((file) => file.startsWith('test/integration/') === isIntegration)
  .sort()
  .map((file) => `./${file}`);

const steps: [string, () => Promise<boolean>][] = isIntegration
  ? [['build', () => succeeds(['bun', 'build.ts'])]]
  : [
      ['types', () => succeeds(['node_modules/.bin/tsc', '--noEmit'])],
      ['lint', () => succeeds(['node_modules/.bin/biome', 'ci', '.'])],
    ];

let failedSteps = 0;
for (const [name, step] of steps) {
  if (await step()) continue;
  console.error(`${name}: failed`);
  failedSteps++;
}
const counts = await runTests(files, isIntegration ? 300_000 : 20_000);
const failed = counts.fail + failedSteps;
const skipped = counts.skip > 0 ? `, ${counts.skip} skipped` : '';
console.log(`${counts.pass} passed, ${failed} failed${skipped}`);
process.exit(failed > 0 || counts.pass === 0 ? 1 : 0);

async function succeeds(command: string[]): Promise<boolean> {
  return (await $`${command}`.nothrow()).exitCode === 0;
}

async function runTests(paths: readonly string[], timeoutMs: number) {
  const child = Bun.spawn(['bun', 'test', '--timeout', String(timeoutMs), ...paths], {
    stderr: 'pipe',
    stdout: 'inherit',
  });
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
