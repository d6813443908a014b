import { HolderPage } from '../parts/holder.tsx';
import { Notices } from './notices.tsx';

/** One user: how jobs ended, what they held and used, how long they waited, and what the user was told. */
export const UserPage = ({ user }: { user: string }) => (
  <>
    <HolderPage kind="user" name={user} />
    <Notices user={user} />
  </>
);
