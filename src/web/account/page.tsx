/** One account, as a user is shown, and its users. */
export function AccountPage({ account }: { account: string }) {
  return <h1>{account}</h1>;
}
