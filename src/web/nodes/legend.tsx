import type { NodeSummaryAnswer } from '../../api/node-list.ts';
import type { Measure } from './measures.ts';

interface LegendProps {
  readonly measure: Measure;
  readonly nodes: readonly NodeSummaryAnswer[];
}

/** Says what fills and shapes mean. */
export function Legend({ measure, nodes }: LegendProps) {
  const [low, high] = measure.ends(nodes);
  return (
    <p class="grid-legend soft">
      <span>{low}</span>
      <span class="scale" aria-hidden="true" />
      <span>{high}</span>
      {measure.given && (
        <span class="sign">
          <span class="strip" aria-hidden="true" /> given to jobs
        </span>
      )}
      <Sign path="M2 12 12 2">drained</Sign>
      <Sign path="M2 12 12 2M2 2 12 12" isHarm>
        down
      </Sign>
      <Sign path="M1 1H13V13H1Z" isDotted>
        silent
      </Sign>
      <Sign path="M1 1H13V13H1Z" isFaint>
        not measured
      </Sign>
    </p>
  );
}

interface SignProps {
  readonly path: string;
  readonly isHarm?: boolean;
  readonly isDotted?: boolean;
  readonly isFaint?: boolean;
  readonly children: string;
}

const Sign = ({ path, isHarm, isDotted, isFaint, children }: SignProps) => (
  <span class={`sign${isHarm ? ' is-harm' : ''}${isFaint ? ' is-faint' : ''}`}>
    <svg width="14" height="14" aria-hidden="true">
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-dasharray={isDotted ? '2 2' : ''}
      />
    </svg>{' '}
    {children}
  </span>
);
