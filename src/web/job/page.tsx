import { useEffect, useMemo } from 'preact/hooks';
import type { Wire } from '../../api/field.ts';
import type { VerdictAnswer } from '../../api/finding.ts';
import type { JobAnswer } from '../../api/job.ts';
import type { EventListAnswer } from '../../api/job-event.ts';
import type { RunAnswer, RunListAnswer } from '../../api/run.ts';
import type { SizingAnswer } from '../../api/sizing.ts';
import type { SummaryAnswer } from '../../api/summary.ts';
import type { Mark } from '../parts/plot.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson, jobPath } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { place } from '../parts/router.ts';
import { Verdict } from '../parts/verdict.tsx';
import { Facts } from './facts.tsx';
import { LifeLine } from './life.tsx';
import { Measured } from './measured.tsx';
import { Neighbours } from './neighbours.tsx';
import { NodeTable } from './nodes.tsx';
import { Plots } from './plots.tsx';
import { Quality } from './quality.tsx';
import { Sizing } from './sizing.tsx';
import { Steps } from './steps.tsx';
import { Title } from './title.tsx';
import { UsedOfAsked } from './used-of-asked.tsx';

const POLL_MS = 15_000;

/** Reads all that the page shows. `chosen` is the number of a run; undefined for the latest. */
function useJob(id: string, chosen: number | undefined) {
  const live = { everyMs: POLL_MS, on: { job: id } };
  const job = useResource(`job ${id}`, (signal) => getJson<JobAnswer>(jobPath(id), {}, signal), live);
  const runs = useResource(
    `runs ${id}`,
    (signal) => getJson<Wire<typeof RunListAnswer>>(jobPath(id, '/runs'), {}, signal),
    live,
  );
  const events = useResource(job.value && `events ${id} ${job.value.state}`, (signal) =>
    getJson<EventListAnswer>(jobPath(id, '/events'), {}, signal),
  );
  const verdict = useResource(
    `verdict ${id} ${chosen}`,
    (signal) => getJson<VerdictAnswer>(jobPath(id, '/findings'), { run: chosen }, signal),
    live,
  );
  // It follows ended runs only, and this one when it ends.
  const sizing = useResource(job.value && `sizing ${id} ${chosen} ${job.value.state}`, (signal) =>
    getJson<SizingAnswer>(jobPath(id, '/sizing'), { run: chosen }, signal),
  );
  return { job, runs, events: events.value, verdict: verdict.value, sizing: sizing.value };
}

/** One job, from the answer to the evidence. The run and the range of the plots are in the address. */
export function JobPage({ id }: { id: string }) {
  const chosen = Number(place.value.query.get('run')) || undefined;
  const { job, runs, events, verdict, sizing } = useJob(id, chosen);
  useEffect(() => {
    document.title = `${id} · hpc-observe`;
  }, [id]);
  if (!job.value) return job.error ? <Problem error={job.error} /> : <p class="soft">Reading …</p>;
  const all = runs.value?.runs ?? [];
  const run = chosen ?? all.length;
  const shown = all.find((one) => one.run === run);
  return (
    <article class="job">
      {job.error && <Problem error={job.error} />}
      <JobView
        job={run === all.length ? job.value : (shown ?? job.value)}
        runs={all}
        run={run}
        summary={shown?.summary}
        events={events}
        verdict={verdict}
        sizing={sizing}
      />
    </article>
  );
}

interface JobViewProps {
  readonly job: JobAnswer;
  readonly runs: readonly RunAnswer[];
  /** The number of the run that is shown; `runs.length` for the latest. */
  readonly run: number;
  readonly summary: SummaryAnswer | undefined;
  readonly events: EventListAnswer | undefined;
  readonly verdict: VerdictAnswer | undefined;
  readonly sizing: SizingAnswer | undefined;
}

function JobView({ job, runs, run, summary, events, verdict, sizing }: JobViewProps) {
  const marks = useMemo(() => marksOf(events), [events]);
  const chosen = run === runs.length ? undefined : run;
  return (
    <>
      <Title job={job} runs={runs} run={run} />
      {verdict && <Verdict verdict={verdict} />}
      {sizing && <Sizing sizing={sizing} isWaiting={job.state === 'pending'} />}
      <LifeLine job={job} runs={runs} />
      {summary && <UsedOfAsked job={job} summary={summary} />}
      {summary && <Measured summary={summary} />}
      <Plots job={job} run={chosen} marks={marks} />
      {summary && <NodeTable summary={summary} />}
      <section class="folds" aria-label="More about it">
        <Quality id={job.id} run={chosen} />
        {chosen === undefined && <Steps job={job} />}
        <Neighbours job={job} />
      </section>
      <Facts job={job} events={events} run={chosen} />
    </>
  );
}

/** Marks the changes of state in the plots. */
function marksOf(events: EventListAnswer | undefined): Mark[] {
  return (events?.events ?? []).flatMap(({ time, change }) => {
    const { state } = change as { state?: string };
    return state === undefined || state === 'pending' ? [] : [{ timeMs: Date.parse(time), label: state }];
  });
}
