import type { OverviewAnswer } from '../../api/overview.ts';
import { groupDigits } from '../../domain/figures.ts';
import { addressOf } from '../parts/router.ts';

/** GPUs by model: which a job could have now, and which nobody can have though they are not given. */
export function FreeGpus({ overview: { free_gpus } }: { overview: OverviewAnswer }) {
  if (free_gpus.length === 0) return null;
  return (
    <section class="overview-gpus">
      <h2>
        <a href={addressOf('nodes')}>Free GPUs</a>
      </h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col" class="figure">
              Free
            </th>
            <th
              scope="col"
              class="figure"
              title="Not given, but their node is drained or down, or has no free CPU or memory"
            >
              Blocked
            </th>
            <th scope="col" class="figure">
              Given
            </th>
            <th scope="col" class="figure">
              In all
            </th>
          </tr>
        </thead>
        <tbody>
          {free_gpus.map(({ model, free, blocked, allocated, total }) => (
            <tr key={model}>
              <th scope="row">{model}</th>
              <td class="figure free">{groupDigits(free)}</td>
              <td class="figure">{blocked === 0 ? '' : groupDigits(blocked)}</td>
              <td class="figure">{groupDigits(allocated)}</td>
              <td class="figure">{groupDigits(total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
