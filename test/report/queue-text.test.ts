import { expect, test } from 'bun:test';
import { PLAIN } from '../../src/report/paper.ts';
import { renderQueueText } from '../../src/report/queue-text.ts';

test('the queue is printed by partition and by reason, with the reason in words', () => {
  const waiting = { jobs: 2, cpus: 16, median_wait_seconds: 60, longest_wait_seconds: 7200 };
  const text = renderQueueText(
    {
      jobs: 2,
      user_count: 1,
      partitions: [{ partition: 'gpu', ...waiting, gpus: 4 }],
      reasons: [{ reason: 'Priority', meaning: 'Jobs with a higher priority are before it.', ...waiting }],
    },
    PLAIN,
  );
  expect(text).toBe(`2 jobs of 1 user wait.

partition  jobs  CPUs  GPUs  median  longest
gpu           2    16     4   1 min      2 h

reason    jobs  CPUs  GPUs  median  longest
Priority     2    16         1 min      2 h  Jobs with a higher priority are before it.
`);
});
