import type { ReportAnswer } from '../../api/node.ts';
import { formatBytes, formatPercent } from '../../domain/figures.ts';
import { Moment } from '../parts/moment.tsx';
import { jobAddress } from '../parts/router.ts';

/** The GPUs of a node, and which job holds each. */
export function Gpus({ report: { gpus, silent } }: { report: ReportAnswer }) {
  if (gpus.length === 0) return null;
  return (
    <section aria-label="GPUs">
      <h2>GPUs</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              {['GPU', 'Model', 'Held by', 'In use', 'Memory', 'Power', 'Temperature'].map((name, place) => (
                <th key={name} scope="col" class={place > 2 ? 'figure' : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {gpus.map((gpu, index) => (
              <tr key={gpu.gpu} title={gpu.gpu}>
                <th scope="row">{index}</th>
                <td>{gpu.model}</td>
                <td>
                  {gpu.job_ids.map((id) => (
                    <a key={id} href={jobAddress(id)}>
                      {id}
                    </a>
                  ))}
                </td>
                <td class="figure">{known(silent, gpu.utilization_percent, formatPercent)}</td>
                <td class="figure">
                  {known(silent, gpu.memory_used_bytes, formatBytes)}
                  {typeof gpu.memory_total_bytes === 'number' && ` of ${formatBytes(gpu.memory_total_bytes)}`}
                </td>
                <td class="figure">{known(silent, gpu.power_watts, (watts) => `${Math.round(watts)} W`)}</td>
                <td class="figure">
                  {known(silent, gpu.temperature_celsius, (celsius) => `${Math.round(celsius)} °C`)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Of a silent node nothing is said: old values would pass for those of now. */
const known = (
  silent: boolean,
  value: number | null | undefined,
  format: (value: number) => string,
): string => (silent || typeof value !== 'number' ? '' : format(value));

/** The agent of a node, and what its collectors could not read. */
export function Agent({ report }: { report: ReportAnswer | undefined }) {
  return (
    <section aria-label="Agent">
      <h2>Agent</h2>
      {report ? <AgentFacts report={report} /> : <NoAgent />}
    </section>
  );
}

function NoAgent() {
  return (
    <p>
      No agent reports. Run it on the node:{' '}
      <code>hpc-observe agent --server {new URL('.', document.baseURI).href.replace(/\/$/, '')}</code>
    </p>
  );
}

function AgentFacts({ report }: { report: ReportAnswer }) {
  return (
    <>
      <p class={report.silent ? 'amiss' : undefined}>
        Version {report.version}, reported <Moment time={report.received} isRelative />
        {report.silent && ': it is silent'}; reads every {report.interval_seconds} s; its clock differs by{' '}
        {Math.abs(report.clock_difference_seconds).toFixed(1)} s
        {typeof report.load1 === 'number' && !report.silent && `; load ${report.load1.toFixed(1)}`}.
      </p>
      <ul class="collectors">
        {(report.collectors ?? []).map(({ name, message }) => (
          <li key={name} class={message ? 'amiss' : 'soft'}>
            {name}
            {message && `: ${message}`}
          </li>
        ))}
      </ul>
    </>
  );
}
