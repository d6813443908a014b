/** Who waits, for what, and since when. */
export function QueuePage() {
  return <h1>Queue</h1>;
}
