import { useEffect } from 'preact/hooks';

const SAMPLE = `api=${new URL('v1', document.baseURI).href}
curl -s $api/jobs -H 'Content-Type: application/json' \\
  -d '{"id":"job-001","user":"alice","nodes":["node-01"]}'
curl -s $api/jobs/job-001/metrics -H 'Content-Type: application/json' \\
  -d '{"cpu_usage":75.5,"memory_usage_mb":4096}'`;

const WAYS = [
  {
    title: 'Slurm on this machine',
    text: 'Jobs appear by themselves. This checks whether everything is as it should be, and says what to do if not:',
    command: 'hpc-observe slurm check',
  },
  {
    title: 'Jobs of the past',
    text: 'Brings in what accounting knows:',
    command: 'hpc-observe slurm import --since 2026-01-01',
  },
  {
    title: 'Usage of each job',
    text: 'The agent on a compute node finds the jobs there and sends what they use:',
    command: `hpc-observe agent --server ${new URL('.', document.baseURI).href.replace(/\/$/, '')}`,
  },
  { title: 'Anything else', text: 'The API takes jobs and samples from any program:', command: SAMPLE },
];

/** The first page of an empty database: the ways to get data in. */
export function Empty() {
  useEffect(() => {
    document.title = 'hpc-observe';
  }, []);
  return (
    <div class="empty">
      <h1>No jobs yet</h1>
      <p class="soft">There are four ways to get them in.</p>
      {WAYS.map(({ title, text, command }) => (
        <section key={title}>
          <h2>{title}</h2>
          <p>{text}</p>
          <pre>
            <code>{command}</code>
          </pre>
          <Copy text={command} />
        </section>
      ))}
    </div>
  );
}

/** Copies a text; hidden where the browser does not allow that (pages without TLS). */
function Copy({ text }: { text: string }) {
  if (!navigator.clipboard) return null;
  return (
    <button type="button" onClick={() => void navigator.clipboard.writeText(text)}>
      Copy
    </button>
  );
}
