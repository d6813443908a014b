import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { NodeSummaryAnswer } from '../../api/node-list.ts';
import { formatCount } from '../../domain/figures.ts';
import { GridCanvas } from '../parts/grid-canvas.tsx';
import { useKeys } from '../parts/keys.ts';
import { go, nodeAddress } from '../parts/router.ts';
import { look } from '../parts/theme.tsx';
import { NodeCard } from './card.tsx';
import { drawGrid, type Tiles } from './draw.ts';
import type { NodeGroup } from './groups.ts';
import { cornerOf, layOut, moveFrom, tileAt } from './layout.ts';
import type { Measure } from './measures.ts';
import { stateOf } from './node-state.ts';

interface GridProps {
  readonly groups: readonly NodeGroup[];
  readonly measure: Measure;
  /** When the nodes were read, in milliseconds since 1970. */
  readonly timeMs: number;
}

/** What is below the grid in the window. */
const FOOT_PIXELS = 24;
const LEAST_HEIGHT = 240;

/**
 * Shows each node as a tile of a canvas. The pointer and the arrow keys show what is known of one; a click
 * and Enter open it. A finger shows it first, and opens it with the second touch.
 */
export function NodeGrid({ groups, measure, timeMs }: GridProps) {
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(place);
  const [current, setCurrent] = useState<number | undefined>(undefined);
  const colours = look.value;

  const nodes = useMemo(() => groups.flatMap(({ nodes: of }) => of), [groups]);
  const layout = useMemo(
    () =>
      layOut(
        groups.map(({ name, nodes: of }) => ({ name, size: of.length })),
        width,
        height,
      ),
    [groups, width, height],
  );
  const tiles = useMemo((): Tiles => tilesOf(nodes, measure, timeMs), [nodes, measure, timeMs]);
  useEffect(() => {
    if (width === 0) return;
    const startMs = performance.now();
    drawGrid(canvas.current!, layout, tiles);
    performance.measure('node-grid', { start: startMs, end: performance.now() });
  }, [layout, tiles, colours, width]);

  const node = current === undefined ? undefined : nodes[current];
  const corner = node && cornerOf(layout, current!);
  const open = (one: NodeSummaryAnswer | undefined) => one && go(nodeAddress(one.node));

  useKeys('Nodes', [
    {
      keys: ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'],
      does: 'goes to the next node; Enter opens it',
      press: () => place.current?.focus(),
    },
  ]);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Enter') open(node);
    if (event.key === 'Escape') setCurrent(undefined);
    const next = current === undefined ? firstOf(event.key) : moveFrom(layout, current, event.key);
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    setCurrent(next);
    showTile(place.current!, cornerOf(layout, next).y, layout.tile);
  }

  return (
    <div
      ref={place}
      class="node-grid"
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys move between the tiles, which are no elements
      tabIndex={0}
      aria-label={`Grid of ${formatCount(nodes.length, 'node')}: arrows move, Enter opens. The table has the same.`}
      onKeyDown={onKeyDown}
      onFocus={() => setCurrent((known) => known ?? 0)}
      onBlur={() => setCurrent(undefined)}
    >
      {groups.length > 1 &&
        layout.blocks.map(({ group, top }) => (
          <h2 key={group.name} class="grid-heading" style={{ top: `${top}px` }}>
            {group.name} <span class="soft">{formatCount(group.size, 'node')}</span>
          </h2>
        ))}
      <GridCanvas
        {...{ canvas, width, height: layout.height, current, setCurrent }}
        placeAt={(x, y) => tileAt(layout, x, y)}
        open={(index) => open(nodes[index])}
      />
      {node && corner && (
        <>
          <div
            class="tile-current"
            style={{
              ...{ left: `${corner.x - 2}px`, top: `${corner.y - 2}px` },
              ...{ width: `${layout.tile + 4}px`, height: `${layout.tile + 4}px` },
            }}
          />
          <NodeCard
            node={node}
            style={{
              top: `${corner.y + layout.tile + 6}px`,
              ...(corner.x > width / 2
                ? { right: `${width - corner.x - layout.tile}px` }
                : { left: `${corner.x}px` }),
            }}
          />
        </>
      )}
    </div>
  );
}

function tilesOf(nodes: readonly NodeSummaryAnswer[], measure: Measure, timeMs: number): Tiles {
  const { given } = measure;
  const states = nodes.map(stateOf);
  return {
    nodes,
    states,
    // Whatever is known of a node that is down is of before.
    shares: measure
      .shares(nodes, timeMs)
      .map((share, index) => (states[index] === 'down' ? undefined : share)),
    given: given ? nodes.map(given) : [],
  };
}

const firstOf = (key: string): number | undefined => (/^(Arrow|Home)/.test(key) ? 0 : undefined);

/** Scrolls until a row of tiles is in the window. */
function showTile(place: HTMLElement, y: number, tile: number): void {
  const top = place.getBoundingClientRect().top + y;
  if (top < 0) scrollBy(0, top - tile);
  else if (top + 2 * tile > innerHeight) scrollBy(0, top + 2 * tile - innerHeight);
}

/** Returns the width of an element, and the height that the window has below its top. */
function useSize(place: { readonly current: HTMLElement | null }) {
  const [size, setSize] = useState({ width: 0, height: LEAST_HEIGHT });
  useEffect(() => {
    // The observer may report once more when the grid has been taken away.
    const element = place.current!;
    const measure = () => {
      const { width, top } = element.getBoundingClientRect();
      const height = Math.max(LEAST_HEIGHT, innerHeight - top - scrollY - FOOT_PIXELS);
      setSize((known) =>
        known.width === Math.floor(width) && known.height === height
          ? known
          : { width: Math.floor(width), height },
      );
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    addEventListener('resize', measure);
    return () => {
      observer.disconnect();
      removeEventListener('resize', measure);
    };
  }, []);
  return size;
}
