import { useEffect } from 'preact/hooks';
import type { QueueAnswer } from '../../api/queue.ts';
import { Moment } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { Causes } from './causes.tsx';
import { Oldest } from './oldest.tsx';
import { Partitions } from './partitions.tsx';
import { Reasons } from './reasons.tsx';
import { Users } from './users.tsx';
import { Waits } from './waits.tsx';

/** The service makes one answer for all readers, every 5 s while somebody reads. */
const POLL_MS = 5000;

/** Who waits, for what, and since when. */
export function QueuePage() {
  const { value, error } = useResource('queue', (signal) => getJson<QueueAnswer>('v1/queue', {}, signal), {
    everyMs: POLL_MS,
  });
  useEffect(() => {
    document.title = 'Queue · hpc-observe';
  }, []);
  if (!value) return error ? <Problem error={error} /> : <p class="soft">Reading …</p>;
  return (
    <div class="queue">
      <h1 class="visually-hidden">Queue</h1>
      {error && <Problem error={error} />}
      {value.jobs === 0 ? <p>No job waits.</p> : <Waiting queue={value} />}
      <p class="soft">
        As of <Moment time={value.timestamp} />.
      </p>
    </div>
  );
}

function Waiting({ queue }: { queue: QueueAnswer }) {
  const { partitions, reasons, users, user_count, oldest, oldest_blocked } = queue;
  return (
    <>
      <Causes queue={queue} />
      <div class="queue-lists">
        <div>
          <Partitions partitions={partitions} />
          <Users users={users} user_count={user_count} />
        </div>
        <div>
          <Reasons reasons={reasons} />
          <Waits />
        </div>
      </div>
      <div class="queue-oldest">
        <Oldest title="Waiting longest" jobs={oldest} />
        <Oldest title="Not helped by free resources" jobs={oldest_blocked} />
      </div>
    </>
  );
}
