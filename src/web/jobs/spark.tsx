import { SPARK_HEIGHT, SPARK_WIDTH, sparkPath } from './spark-path.ts';

interface SparkProps {
  readonly values: readonly (number | null)[] | undefined;
  /** The upper end; the largest value if left out. */
  readonly max?: number | undefined;
}

/** Draws the usage of a job over its time beside its figure; empty while nothing is known. */
export function Spark({ values, max }: SparkProps) {
  const most = max ?? Math.max(0, ...(values ?? []).map((value) => value ?? 0));
  return (
    <svg class="spark" width={SPARK_WIDTH} height={SPARK_HEIGHT} aria-hidden="true">
      {values && <path d={sparkPath(values, most)} />}
    </svg>
  );
}
