import type { NoticesAnswer } from '../../api/notice.ts';
import { Moment } from '../parts/moment.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { jobAddress } from '../parts/router.ts';

const POLL_MS = 60_000;
const SHOWN = 5;

/** What policies told the user lately; nothing for those who may not see it. */
export function Notices({ user }: { user: string }) {
  const { value } = useResource(
    `notices of ${user}`,
    (signal) => getJson<NoticesAnswer>('v1/notices', { user, limit: SHOWN }, signal),
    { everyMs: POLL_MS },
  );
  if (!value || value.notices.length === 0) return null;
  return (
    <section class="holder-part">
      <h2>Notices</h2>
      {value.notices.map(({ number, time, subject, says, parts }, at) => (
        <details key={number} open={at === 0}>
          <summary>
            <Moment time={time} /> {subject}
          </summary>
          <p>{says}</p>
          {parts.map(({ title, lines, jobs }) => (
            <div key={title}>
              {lines.map((line) => (
                <p key={line}>{line}</p>
              ))}
              <ul>
                {jobs.map(({ job_id, name, text, action }) => (
                  <li key={job_id}>
                    <a href={jobAddress(job_id)}>{job_id}</a> {name} {text} {action && <code>{action}</code>}
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </details>
      ))}
    </section>
  );
}
