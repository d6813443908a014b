import type { KnownRun, RunWrite } from '../../domain/report-plan.ts';
import { listedStartMs, type Run } from '../../domain/run.ts';

/** A stored run by the number that its samples carry. */
interface Numbered {
  readonly seq: number;
}

/** Returns whether a run can have samples: negative numbers are of runs that were never the latest. */
export const hasSamples = ({ seq }: Numbered): boolean => seq > 0;

/** Returns the number that a run inherits with its samples; undefined if no stored run has any. */
export const numberOf = <Stored extends KnownRun & Numbered>({
  replaces,
  joins,
}: RunWrite<Stored>): number | undefined => [replaces, ...joins].find((one) => one && hasSamples(one))?.seq;

/** The fields of a run that are in the rows of `job` and `job_node`. */
export function rowFieldsOf(run: Run) {
  const { user, nodes = [], state, startTimeMs, endTimeMs } = run;
  return {
    user: user!,
    nodes,
    state,
    startTimeMs: listedStartMs(run),
    hasStarted: startTimeMs !== undefined,
    endTimeMs,
  };
}

/** Returns whether two runs have the same nodes in the same order. */
export const haveSameNodes = ({ nodes = [] }: Run, { nodes: others = [] }: Run): boolean =>
  nodes.length === others.length && nodes.every((node, index) => node === others[index]);
