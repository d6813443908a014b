import { HolderPage } from '../parts/holder.tsx';

/** One account: how jobs ended, what they held and used, how long they waited, and its users. */
export const AccountPage = ({ account }: { account: string }) => <HolderPage kind="account" name={account} />;
