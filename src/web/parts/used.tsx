/** How a bar of used and asked reads: fine, a waste for others, or harm for the job itself. */
export type Tone = 'fine' | 'waste' | 'harm';

export interface UsedProps {
  readonly name: string;
  /** 0 to 1; more is drawn as 1. */
  readonly share: number | undefined;
  readonly tone: Tone;
  /** What was used and what was asked for, in words. */
  readonly text: string;
}

/** Shows how much of what was asked for was used. */
export function Used({ name, share, tone, text }: UsedProps) {
  const percent = share === undefined ? undefined : Math.round(100 * share);
  return (
    <div class={`used used-${tone}`}>
      <span class="used-name">{name}</span>
      <span class="used-share">{percent === undefined ? '' : `${percent} %`}</span>
      <span class="used-bar" aria-hidden="true">
        {share !== undefined && <span style={{ width: `${100 * Math.min(1, share)}%` }} />}
      </span>
      <span class="used-text soft">{text}</span>
    </div>
  );
}
