import type { ComponentChildren } from 'preact';
import type { QueueAnswer } from '../../api/queue.ts';
import { formatSeconds, groupDigits } from '../../domain/figures.ts';
import type { Cause } from './causes.tsx';

interface WaitingProps {
  readonly waiting: Omit<QueueAnswer['users'][number], 'user'>;
  /** What the number of jobs leads to. */
  readonly address: string;
  /** The bar. */
  readonly children: ComponentChildren;
}

/** The cells of jobs that wait: how many with a bar, what they ask for, how long. */
export function WaitingFigures({ waiting, address, children }: WaitingProps) {
  const { jobs, cpus, gpus, median_wait_seconds, longest_wait_seconds } = waiting;
  return (
    <>
      <td class="figure">
        <a href={address}>{groupDigits(jobs)}</a>
      </td>
      <td class="queue-bars from-600">{children}</td>
      <td class="figure from-900">{cpus !== undefined && groupDigits(cpus)}</td>
      <td class="figure from-900">{gpus !== undefined && groupDigits(gpus)}</td>
      <td class="figure from-600">
        {median_wait_seconds !== undefined && formatSeconds(median_wait_seconds)}
      </td>
      <td class="figure">{longest_wait_seconds !== undefined && formatSeconds(longest_wait_seconds)}</td>
    </>
  );
}

export function WaitingHeads() {
  return (
    <>
      <th class="figure" scope="col">
        Jobs
      </th>
      <td class="queue-bars from-600" />
      <th class="figure from-900" scope="col">
        CPUs
      </th>
      <th class="figure from-900" scope="col">
        GPUs
      </th>
      <th class="figure from-600" scope="col">
        Median wait
      </th>
      <th class="figure" scope="col">
        Longest
      </th>
    </>
  );
}

/** A bar of one cause. */
export function Bar({ share, cause }: { share: number; cause: Cause }) {
  return (
    <span class="queue-bar" aria-hidden="true">
      <span class={`fill-${cause}`} style={{ width: `${100 * share}%` }} />
    </span>
  );
}
