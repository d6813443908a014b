import type { ArrayAnswer } from '../../api/array.ts';
import { writeTerm } from '../../api/filter-text.ts';
import { groupDigits } from '../../domain/figures.ts';
import { addressOf } from '../parts/router.ts';
import { State } from '../parts/state.tsx';

/** The states of the tasks as one bar, and how many are in each; each leads to the list of those. */
export function States({ array: { array_job_id, states, task_count } }: { array: ArrayAnswer }) {
  return (
    <section aria-label="States">
      <div class="states-bar" aria-hidden="true">
        {states.map(({ state, raw_state, tasks }) => (
          <span
            key={raw_state ?? state}
            class={`states-${state}`}
            style={{ width: `${(100 * tasks) / task_count}%` }}
          />
        ))}
      </div>
      <ul class="states">
        {states.map(({ state, raw_state, tasks }) => (
          <li key={raw_state ?? state}>
            <a href={addressOf('jobs', { filter: `${writeTerm('array', array_job_id)} state:${state}` })}>
              {groupDigits(tasks)}
            </a>{' '}
            <State state={state} rawState={raw_state} />
          </li>
        ))}
      </ul>
    </section>
  );
}
