/** The energy of a run as a scheduler accounts it. */
export interface ConsumedEnergy {
  /** Of all nodes of the run, from its start to its end; 0 where nothing measures it. */
  readonly joules: number | undefined;
  /** CPUs that the run had on all its nodes together. */
  readonly cpus: number | undefined;
  readonly nodes: readonly string[] | undefined;
}

/**
 * Returns the energy that a run used; undefined if it is not known. Slurm measures nodes, not jobs, so that
 * its figure is the run's own only where the run had all CPUs of its nodes, as an exclusive one has.
 */
export function energyOfWholeNodes(
  { joules, cpus, nodes = [] }: ConsumedEnergy,
  cpusOf: (node: string) => number | undefined,
): number | undefined {
  if (!joules || cpus === undefined || nodes.length === 0) return undefined;
  let all = 0;
  for (const node of nodes) {
    const known = cpusOf(node);
    if (!known) return undefined;
    all += known;
  }
  return cpus >= all ? joules : undefined;
}
