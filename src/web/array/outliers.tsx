import type { ArrayAnswer, ArrayTaskAnswer } from '../../api/array.ts';
import { formatMb, formatPercent, formatSeconds } from '../../domain/figures.ts';
import { jobAddress } from '../parts/router.ts';
import { State } from '../parts/state.tsx';

type Kind = ArrayAnswer['outliers'][number]['kind'];

const TITLES: Record<Kind, string> = {
  failed: 'Failed last',
  slowest: 'Slowest',
  memory: 'Nearest to the limit of memory',
  cpu: 'Least CPU',
  gpu: 'Least GPU',
};

/** The tasks that stand out, in a table for each way to do so. */
export function Outliers({ array: { outliers } }: { array: ArrayAnswer }) {
  return (
    <div class="outliers">
      {outliers.map(({ kind, tasks }) => (
        <section key={kind}>
          <h2>{TITLES[kind]}</h2>
          <div class="wide">
            <table>
              <thead>
                <tr>
                  <th class="figure" scope="col">
                    Task
                  </th>
                  <th scope="col">Job</th>
                  <th scope="col">State</th>
                  <th class="figure" scope="col">
                    Ran
                  </th>
                  <th class="figure" scope="col">
                    CPU
                  </th>
                  <th class="figure" scope="col">
                    Memory peak
                  </th>
                  <th class="figure" scope="col">
                    GPU
                  </th>
                </tr>
              </thead>
              <tbody>
                {tasks.map((task) => (
                  <Row key={task.job_id} task={task} />
                ))}
              </tbody>
            </table>
          </div>
        </section>
      ))}
    </div>
  );
}

function Row({ task }: { task: ArrayTaskAnswer }) {
  const { job_id, task_id, state, raw_state, runtime_seconds, cpu_usage, memory_peak_mb, gpu_usage } = task;
  return (
    <tr>
      <td class="figure">{task_id}</td>
      <td>
        <a href={jobAddress(job_id)}>{job_id}</a>
      </td>
      <td>
        <State state={state} rawState={raw_state} />
      </td>
      <td class="figure">{runtime_seconds !== undefined && formatSeconds(runtime_seconds)}</td>
      <td class="figure">{cpu_usage !== undefined && formatPercent(cpu_usage)}</td>
      <td class="figure">
        {memory_peak_mb !== undefined && formatMb(memory_peak_mb)}
        {task.memory_limit_mb !== undefined && memory_peak_mb !== undefined && (
          <span class="soft"> of {formatMb(task.memory_limit_mb)}</span>
        )}
      </td>
      <td class="figure">{gpu_usage !== undefined && formatPercent(gpu_usage)}</td>
    </tr>
  );
}
