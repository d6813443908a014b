// A small line as the path of an SVG. Pure.

export const SPARK_WIDTH = 60;
export const SPARK_HEIGHT = 16;

/**
 * Returns the area under the values in steps, one a span. 0 is a pixel high, so that it differs from time
 * without samples, where nothing is drawn. A single span without samples is no gap, as in large plots.
 */
export function sparkPath(given: readonly (number | null)[], max: number): string {
  const width = SPARK_WIDTH / given.length;
  const values = given.map((value, place) => value ?? bridge(given, place));
  let path = '';
  for (const [place, value] of values.entries()) {
    const isFirst = (values[place - 1] ?? null) === null;
    if (value !== null) {
      const start = isFirst ? `M${round(place * width)} ${SPARK_HEIGHT}` : '';
      path += `${start}V${topOf(value, max)}H${round((place + 1) * width)}`;
    } else if (!isFirst) path += END;
  }
  return (values.at(-1) ?? null) === null ? path : path + END;
}

const END = `V${SPARK_HEIGHT}Z`;

const bridge = (values: readonly (number | null)[], place: number): number | null =>
  typeof values[place + 1] === 'number' ? (values[place - 1] ?? null) : null;

const topOf = (value: number, max: number): number =>
  round(SPARK_HEIGHT - Math.max(1, max > 0 ? Math.min(1, value / max) * SPARK_HEIGHT : 0));

const round = (pixels: number): number => Math.round(pixels * 10) / 10;
