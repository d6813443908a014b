import type { JobAnswer } from '../../api/job.ts';
import type { StepListAnswer } from '../../api/step.ts';
import { formatMb, formatSeconds } from '../../domain/figures.ts';
import { Fold } from '../parts/fold.tsx';
import { Moment } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson, jobPath } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';

/** Lists the steps of a job, for which Slurm is asked when the reader wants them. */
export function Steps({ job }: { job: JobAnswer }) {
  // Only Slurm's jobs have numbers, and a waiting one has no steps.
  if (!/^\d+$/.test(job.id) || job.state === 'pending') return null;
  return <Fold title="Steps">{() => <List id={job.id} />}</Fold>;
}

const HEADS = ['Step', 'Name', 'State', 'Exit', 'Started', 'Nodes'];
const FIGURES = ['Time', 'CPU time', 'CPUs', 'Memory of a task, most'];

function List({ id }: { id: string }) {
  const { value, error } = useResource(`steps ${id}`, (signal) =>
    getJson<StepListAnswer>(jobPath(id, '/steps'), {}, signal),
  );
  if (!value) return error ? <Problem error={error} /> : <p class="soft">Asking Slurm …</p>;
  if (value.steps.length === 0) return <p class="soft">Slurm knows no steps of it.</p>;
  return (
    <table>
      <thead>
        <tr>
          {[...HEADS, ...FIGURES].map((name) => (
            <th key={name} scope="col" class={FIGURES.includes(name) ? 'figure' : undefined}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {value.steps.map((step) => (
          <tr key={step.step}>
            <th scope="row">{step.step}</th>
            <td>{step.name}</td>
            <td>{step.raw_state.toLowerCase().replaceAll('_', ' ')}</td>
            <td>{step.signal ? `signal ${step.signal}` : step.exit_code}</td>
            <td>{step.start_time && <Moment time={step.start_time} />}</td>
            <td>{step.nodes}</td>
            <td class="figure">
              {step.elapsed_seconds !== undefined && formatSeconds(step.elapsed_seconds)}
            </td>
            <td class="figure">{step.cpu_seconds !== undefined && formatSeconds(step.cpu_seconds)}</td>
            <td class="figure">{step.cpus}</td>
            <td class="figure">{step.max_memory_mb !== undefined && formatMb(step.max_memory_mb)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
