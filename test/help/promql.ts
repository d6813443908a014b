import { parser } from '@prometheus-io/lezer-promql';

/** What an expression reads: families, and the labels that it selects, groups or joins by. */
export interface Reads {
  readonly families: readonly string[];
  readonly labels: readonly string[];
}

/** Reads PromQL; throws with the place of the first fault. Variables of Grafana must be replaced before. */
export function readPromql(expr: string): Reads {
  const families = new Set<string>();
  const labels = new Set<string>();
  const textOf = ({ from, to }: { from: number; to: number }) => expr.slice(from, to);
  parser.parse(expr).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`This is no PromQL from character ${node.from} on: ${expr}`);
      if (node.name === 'Identifier') families.add(textOf(node));
      if (node.name === 'LabelName') labels.add(textOf(node));
    },
  });
  return { families: [...families], labels: [...labels] };
}
