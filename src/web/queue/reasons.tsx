import { writeTerm } from '../../api/filter-text.ts';
import type { QueueAnswer } from '../../api/queue.ts';
import { addressOf } from '../parts/router.ts';
import { CAUSE_WORDS } from './causes.tsx';
import { Bar, WaitingFigures, WaitingHeads } from './waiting.tsx';

/** The reasons for which jobs wait, in words, with what their owners can do. */
export function Reasons({ reasons }: Pick<QueueAnswer, 'reasons'>) {
  const most = reasons[0]?.jobs ?? 1;
  return (
    <section>
      <h2>By reason</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">Reason</th>
              <WaitingHeads />
            </tr>
          </thead>
          <tbody>
            {reasons.map(({ cause, reason, meaning, action, ...waiting }) => (
              <tr key={reason ?? ''}>
                <th scope="row" class="queue-reason" title={action}>
                  {reason ?? CAUSE_WORDS[cause]}
                  {meaning !== undefined && <span class="soft"> {meaning}</span>}
                </th>
                <WaitingFigures waiting={waiting} address={listOf(reason)}>
                  <Bar share={waiting.jobs / most} cause={cause} />
                </WaitingFigures>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** How Slurm writes the reasons whose codes are not its own words. */
const WRITTEN: Readonly<Record<string, string>> = {
  ReqNodeNotAvail: 'ReqNodeNotAvail*',
  Maintenance: '*maintenance',
  OtherReservation: 'ReqNodeNotAvail*',
  NodesRequired: 'Nodes*',
  LaunchFailedHeld: 'launch*',
  ReservationDeleted: 'Reservation*deleted',
};

/** The list of the jobs that wait for a reason. */
const listOf = (reason: string | undefined): string =>
  addressOf('jobs', {
    filter:
      reason === undefined
        ? 'state:pending'
        : `state:pending ${writeTerm('reason', Object.hasOwn(WRITTEN, reason) ? WRITTEN[reason]! : reason)}`,
  });
