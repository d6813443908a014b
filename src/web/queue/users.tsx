import { writeTerm } from '../../api/filter-text.ts';
import type { QueueAnswer } from '../../api/queue.ts';
import { formatCount } from '../../domain/figures.ts';
import { addressOf, userAddress } from '../parts/router.ts';
import { Bar, WaitingFigures, WaitingHeads } from './waiting.tsx';

/** The users with the most waiting jobs. */
export function Users({ users, user_count }: Pick<QueueAnswer, 'users' | 'user_count'>) {
  const most = users[0]?.jobs ?? 1;
  return (
    <section>
      <h2>By user</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">User</th>
              <WaitingHeads />
            </tr>
          </thead>
          <tbody>
            {users.map(({ user, ...waiting }) => (
              <tr key={user}>
                <td>
                  <a href={userAddress(user)}>{user}</a>
                </td>
                <WaitingFigures
                  waiting={waiting}
                  address={addressOf('jobs', { filter: `state:pending ${writeTerm('user', user)}` })}
                >
                  <Bar share={waiting.jobs / most} cause="resources" />
                </WaitingFigures>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {user_count > users.length && (
        <p class="soft">{formatCount(user_count - users.length, 'more user')} with fewer jobs.</p>
      )}
    </section>
  );
}
