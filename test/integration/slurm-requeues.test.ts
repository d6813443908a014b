import { expectSame, startAll } from '../help/deployment.ts';
import { MIDDLE, NEWEST, OLDEST } from '../help/release.ts';
import { runRequeues } from '../help/scenario.ts';
import { testWithReleases } from '../help/slurm-releases.ts';

testWithReleases(
  [OLDEST, MIDDLE, NEWEST],
  'requeued runs are complete without completion records, with hooks and without',
  async (release) => {
    await using all = await startAll(release, { hasCompletions: false });
    await using server = await all.start();
    await using alone = await all.startAlone();
    await runRequeues(all.cluster);
    await expectSame(server.url, all, ['COMPLETED', 'CANCELLED', 'REQUEUED']);
    await expectSame(alone.url, all, []);
  },
);
