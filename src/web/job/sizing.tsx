import type { SizingAnswer } from '../../api/sizing.ts';

/** Says what the next run needs, by those before it; nothing while too few say it. */
export function Sizing({ sizing }: { sizing: SizingAnswer }) {
  if (sizing.lack !== undefined) return null;
  return (
    <section class="sizing" aria-label="The next run">
      <p>
        {sizing.message}
        {sizing.script.length > 0 && ' For the next one:'}
      </p>
      {sizing.script.length > 0 && <pre>{sizing.script.join('\n')}</pre>}
    </section>
  );
}
