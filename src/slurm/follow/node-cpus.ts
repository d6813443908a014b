import { readNodeCpus, SINFO_CPUS } from '../records/sinfo.ts';
import { readOutput, type SlurmCommands } from './commands.ts';

/** Nodes are added and changed by hand. */
const KEPT_MS = 3_600_000;
const TIMEOUT_MS = 30_000;

type NodeCpus = ReadonlyMap<string, number>;

/** What each Slurm was asked last; a failure too is not repeated within the hour. */
const asked = new WeakMap<SlurmCommands, { readonly atMs: number; readonly cpus: NodeCpus }>();

/** Returns the CPUs of each node, which sinfo is asked for once an hour; none if it cannot be run. */
export async function askNodeCpus(commands: SlurmCommands, nowMs: number): Promise<NodeCpus> {
  const last = asked.get(commands);
  if (last && nowMs - last.atMs < KEPT_MS) return last.cpus;
  const cpus = await ask(commands);
  asked.set(commands, { atMs: nowMs, cpus });
  return cpus;
}

async function ask(commands: SlurmCommands): Promise<NodeCpus> {
  if (!commands.has('sinfo')) return new Map();
  try {
    return readNodeCpus(await readOutput(commands, 'sinfo', SINFO_CPUS, TIMEOUT_MS));
  } catch {
    // Its failures are in the metrics of commands; without it energy is unknown.
    return new Map();
  }
}
