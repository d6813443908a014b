/** One user: how jobs ended, what they held and used, how long they waited. */
export function UserPage({ user }: { user: string }) {
  return <h1>{user}</h1>;
}
