import { testWithCluster } from './cluster.ts';
import type { Release } from './release.ts';

const TEST_MS = 400_000;

/** Declares a test for a cluster of each of these releases. */
export function testWithReleases(
  releases: readonly Release[],
  name: string,
  run: (release: Release) => Promise<void>,
): void {
  for (const release of releases) {
    testWithCluster(release)(`Slurm ${release.version}: ${name}`, () => run(release), TEST_MS);
  }
}
