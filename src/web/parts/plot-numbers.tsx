import { Fold } from './fold.tsx';
import type { PlotProps } from './plot.tsx';

type NumbersProps = Pick<PlotProps, 'title' | 'labels' | 'columns' | 'format'>;

/** The numbers behind a plot, for readers who do not see it and for those who want them. */
export function Numbers({ title, labels, columns, format }: NumbersProps) {
  const lines = labels.map((label, index) => ({ label, ...spreadOf(columns[index] ?? []) }));
  return (
    <Fold class="numbers" title="Numbers">
      {() => (
        <table aria-label={title}>
          <thead>
            <tr>
              {['Line', 'Least', 'Mean', 'Most', 'Last'].map((name) => (
                <th key={name} scope="col" class={name === 'Line' ? undefined : 'figure'}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map(({ label, least, mean, most, last }) => (
              <tr key={label}>
                <th scope="row">{label || 'all'}</th>
                {[least, mean, most, last].map((value, place) => (
                  <td key={String(place)} class="figure">
                    {value === undefined ? '' : format(value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Fold>
  );
}

/** What is known of the values of a line; the mean is that of its points. */
function spreadOf(column: readonly (number | null | undefined)[]) {
  const values = column.filter((value) => typeof value === 'number');
  if (values.length === 0) return {};
  return {
    least: values.reduce((one, other) => Math.min(one, other)),
    mean: values.reduce((one, other) => one + other) / values.length,
    most: values.reduce((one, other) => Math.max(one, other)),
    last: values.at(-1),
  };
}
