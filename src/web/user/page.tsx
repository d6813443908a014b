import { HolderPage } from '../parts/holder.tsx';

/** One user: how jobs ended, what they held and used, how long they waited. */
export const UserPage = ({ user }: { user: string }) => <HolderPage kind="user" name={user} />;
