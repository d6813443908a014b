/** Who held and used what, by user, account, partition or day. */
export function UsagePage() {
  return <h1>Usage</h1>;
}
