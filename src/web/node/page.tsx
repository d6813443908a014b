/** One node: its jobs, its use over time, its GPUs and its agent. */
export function NodePage({ node }: { node: string }) {
  return <h1>{node}</h1>;
}
