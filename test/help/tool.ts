import { test } from 'bun:test';

/** Returns `test` if all programs are installed. Without them, skips with a message; throws in CI. */
export function testWith(tools: readonly string[]): typeof test | typeof test.skip {
  const missing = tools.filter((tool) => !Bun.which(tool));
  if (missing.length === 0) return test;
  if (process.env.CI) throw new Error(`${missing.join(', ')} must be installed in CI; see .ci/run.`);
  console.error(`\nSKIPPED without ${missing.join(', ')}: install the packages that .ci/run names.\n`);
  return test.skip;
}
