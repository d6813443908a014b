import { useEffect, useMemo } from 'preact/hooks';
import type { Wire } from '../../api/field.ts';
import type { JobAnswer } from '../../api/job.ts';
import type { EventListAnswer } from '../../api/job-event.ts';
import type { RunListAnswer } from '../../api/run.ts';
import type { Mark } from '../parts/plot.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson, jobPath } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { place } from '../parts/router.ts';
import { Facts } from './facts.tsx';
import { LifeLine } from './life.tsx';
import { NodeTable } from './nodes.tsx';
import { Plots } from './plots.tsx';
import { Title } from './title.tsx';
import { UsedOfAsked } from './used-of-asked.tsx';

const POLL_MS = 15_000;

/** One job, from the answer to the evidence. The run and the range of the plots are in the address. */
export function JobPage({ id }: { id: string }) {
  const job = useResource(`job ${id}`, (signal) => getJson<JobAnswer>(jobPath(id), {}, signal), {
    everyMs: POLL_MS,
  });
  const runs = useResource(
    `runs ${id}`,
    (signal) => getJson<Wire<typeof RunListAnswer>>(jobPath(id, '/runs'), {}, signal),
    { everyMs: 2 * POLL_MS },
  );
  const events = useResource(job.value && `events ${id} ${job.value.state}`, (signal) =>
    getJson<EventListAnswer>(jobPath(id, '/events'), {}, signal),
  );
  const chosen = Number(place.value.query.get('run')) || undefined;
  const marks = useMemo(() => marksOf(events.value), [events.value]);
  useEffect(() => {
    document.title = `${id} · hpc-observe`;
  }, [id]);

  if (job.isLoading || !job.value)
    return job.error ? <Problem error={job.error} /> : <p class="soft">Reading …</p>;
  const all = runs.value?.runs ?? [];
  const shown = all.find(({ run }) => run === (chosen ?? all.length));
  const isLatest = chosen === undefined || chosen === all.length;
  const subject = isLatest ? job.value : (shown ?? job.value);
  return (
    <article class="job">
      {job.error && <Problem error={job.error} />}
      <Title job={subject} runs={all} run={chosen ?? all.length} />
      <LifeLine job={subject} />
      {shown && <UsedOfAsked job={subject} summary={shown.summary} />}
      <Plots job={subject} run={isLatest ? undefined : chosen} marks={marks} />
      {shown && <NodeTable summary={shown.summary} />}
      <Facts job={subject} events={events.value} />
    </article>
  );
}

/** Marks the changes of state in the plots. */
function marksOf(events: EventListAnswer | undefined): Mark[] {
  return (events?.events ?? []).flatMap(({ time, change }) => {
    const { state } = change as { state?: string };
    return state === undefined || state === 'pending' ? [] : [{ timeMs: Date.parse(time), label: state }];
  });
}
