/** All tasks of one array as one thing. */
export function ArrayPage({ id }: { id: string }) {
  return <h1>Array {id}</h1>;
}
