import { test } from 'bun:test';

/**
 * `test` for what needs programs of the system: when one is missing it is skipped loudly on a developer's machine, and
 * fails in CI.
 */
export function testWith(tools: readonly string[]): typeof test | typeof test.skip {
  const missing = tools.filter((tool) => !Bun.which(tool));
  if (missing.length === 0) return test;
  if (process.env.CI) throw new Error(`${missing.join(', ')} must be installed in CI; see .ci/run.`);
  console.error(`\nSKIPPED for want of ${missing.join(', ')}: install the packages that .ci/run names.\n`);
  return test.skip;
}
