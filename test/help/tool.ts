import { test } from 'bun:test';

/** Returns `test` if all programs are installed. Without them, skips with a message; throws in CI. */
export function testWith(tools: readonly string[]): typeof test | typeof test.skip {
  const missing = tools.filter((tool) => !Bun.which(tool));
  if (missing.length === 0) return test;
  if (process.env.CI) throw new Error(`${missing.join(', ')} must be installed in CI; see .ci/run.`);
  console.error(`\nSKIPPED without ${missing.join(', ')}: install the packages that .ci/run names.\n`);
  return test.skip;
}

/** Returns `test` for root. For other users, skips with a message; throws in CI. */
export function testAsRoot(): typeof test | typeof test.skip {
  if (process.getuid?.() === 0) return test;
  if (process.env.CI) throw new Error('Tests with several users run as root in CI.');
  console.error('\nSKIPPED tests with several users: run them as root.\n');
  return test.skip;
}
