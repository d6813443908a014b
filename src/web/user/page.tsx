import { HolderPage } from '../parts/holder.tsx';
import { Notices } from './notices.tsx';

/** One user: what they were told, how jobs ended, what they held and used, how long they waited. */
export const UserPage = ({ user }: { user: string }) => (
  <HolderPage kind="user" name={user}>
    <Notices user={user} />
  </HolderPage>
);
