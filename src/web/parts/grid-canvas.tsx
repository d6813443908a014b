import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';

interface GridCanvasProps {
  readonly canvas: RefObject<HTMLCanvasElement | null>;
  readonly width: number;
  readonly height: number;
  readonly current: number | undefined;
  /** Returns the place at a point of the canvas; undefined between places. */
  readonly placeAt: (x: number, y: number) => number | undefined;
  readonly setCurrent: (place: number | undefined) => void;
  readonly open: (place: number) => void;
}

/**
 * Shows the canvas of a grid. A pointer over a place makes it the current one, and a click opens it. A finger
 * makes it the current one first, and opens it with the second touch.
 */
export function GridCanvas({ canvas, width, height, current, placeAt, setCurrent, open }: GridCanvasProps) {
  const touched = useRef(false);
  function onClick({ offsetX, offsetY }: MouseEvent): void {
    const place = placeAt(offsetX, offsetY);
    if (place === undefined) return;
    if (touched.current && place !== current) setCurrent(place);
    else open(place);
  }
  return (
    <canvas
      ref={canvas}
      width={width * devicePixelRatio}
      height={height * devicePixelRatio}
      style={{ width: `${width}px`, height: `${height}px` }}
      onPointerDown={({ pointerType }) => {
        touched.current = pointerType === 'touch';
      }}
      onPointerMove={({ pointerType, offsetX, offsetY }) =>
        pointerType !== 'touch' && setCurrent(placeAt(offsetX, offsetY))
      }
      onPointerLeave={({ pointerType }) => pointerType !== 'touch' && setCurrent(undefined)}
      onClick={onClick}
    />
  );
}
