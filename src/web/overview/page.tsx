import { useEffect } from 'preact/hooks';
import type { JobListAnswer } from '../../api/job-list.ts';
import type { OverviewAnswer } from '../../api/overview.ts';
import type { WhoamiAnswer } from '../../api/whoami.ts';
import { Empty } from '../parts/empty.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { Amounts } from './amounts.tsx';
import { Concerns, Failed } from './concerns.tsx';
import { FreeGpus } from './free-gpus.tsx';
import { FreshnessFigure, OldNote, oldOf } from './freshness.tsx';
import { History } from './history.tsx';

const POLL_MS = 5000;

/** The state of the cluster at a glance; one may leave it open on a wall. */
export function OverviewPage() {
  const { value, error } = useResource(
    'overview',
    (signal) => getJson<OverviewAnswer>('v1/overview', {}, signal),
    { everyMs: POLL_MS },
  );
  const any = useResource(
    'any job',
    (signal) => getJson<JobListAnswer>('v1/jobs', { limit: 1 }, signal),
    // Until there is one, a new one matters.
    value && value.running + value.pending > 0 ? {} : { on: 'jobs' },
  );
  const reader = useResource('whoami', (signal) => getJson<WhoamiAnswer>('v1/whoami', {}, signal));
  useEffect(() => {
    document.title = 'hpc-observe';
  }, []);
  if (!value) return error ? <Problem error={error} /> : <p class="soft">Reading …</p>;
  if (any.value?.total === 0) return <Empty />;
  const isOwn = reader.value?.sees === 'own';
  return (
    <div class="wall">
      <h1 class={isOwn ? undefined : 'visually-hidden'}>{isOwn ? 'Your jobs' : 'Overview'}</h1>
      {isOwn && (
        <p class="soft">
          What is used and given is that of your jobs; in all and free is what the cluster has.
        </p>
      )}
      {error && <Problem error={error} />}
      <OldNote freshness={value.freshness} />
      <div class="amounts">
        <Amounts overview={value} old={oldOf(value.freshness)} />
        <FreshnessFigure overview={value} />
      </div>
      <div class="concerns">
        <Concerns
          title="Wasting now"
          concerns={value.wasting}
          none="No running job holds idle GPUs or CPUs."
        />
        <Concerns title="In trouble" concerns={value.troubled} none="No running job is near a limit." />
        <Failed failed={value.failed} />
      </div>
      <div class="overview-rest">
        {!isOwn && <History />}
        <FreeGpus overview={value} />
      </div>
    </div>
  );
}
