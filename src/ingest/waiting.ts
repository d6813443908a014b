import { MAX_SAMPLE_GPUS } from '../domain/batch-measures.ts';
import { AppError } from '../domain/errors.ts';
import type { Part } from '../domain/foreign/metric.ts';
import { type CounterPoint, isWhole, type Parts } from '../domain/foreign/moment.ts';
import type { ForeignJob } from '../domain/foreign/place.ts';
import type { IngestSource } from '../domain/foreign/series.ts';

// Values that wait for the others of their sample: one scrape of Prometheus arrives in several requests, each
// with some series, and the exporters of a node are scraped at different times.

/** Values that wait; some 100 bytes each. Further ones are refused until they are fewer. */
const MAX_VALUES = 300_000;
/** Jobs on nodes that are remembered, with their last counters; the one unused for longest is forgotten. */
const MAX_PLACES = 50_000;
/** A reading of a GPU belongs to the next sample of its job within this time. */
const GPU_JOIN_MS = 60_000;
/** Readings of a GPU that wait for samples: after an outage, one request has several scrapes. */
const MAX_READINGS = 16;
/** Retries of a request need the point before that of the last one. */
const MAX_POINTS = 4;

export interface GpuReading {
  readonly timeMs: number;
  readonly parts: Partial<Record<Part, number>>;
  /** Whether a sample has it, or is being stored with it. */
  isUsed: boolean;
}

/** What whole moments of a place have: values in all, and series of the CPU counter. */
interface Known {
  readonly values: number;
  readonly counters: number;
}

/** A job on a node. */
export interface Place {
  readonly job: ForeignJob;
  readonly node: string;
  /** By kind of exporter: one counter for the job, or one for each core. */
  readonly known: Map<Kind, Known>;
  /** The last moments of the CPU counter, in order of time. */
  readonly points: CounterPoint[];
  /** Reads the first point from the store, once. */
  firstPoint?: Promise<void>;
  /** Readings by GPU, in order of time. */
  readonly gpus: Map<string, GpuReading[]>;
  readonly moments: Map<number, Moment>;
  /** The last moment that was stored. */
  last?: { readonly timeMs: number; readonly kind: Kind; readonly values: number };
}

type Kind = 'job' | 'core';

/** The values of one scrape of a place. */
export interface Moment {
  readonly place: Place;
  readonly timeMs: number;
  readonly source: IngestSource;
  /** By part, and by the label of those that are added up. */
  readonly values: Map<string, number>;
  touchedMs: number;
  /** Resolves when it is on disk; set while it is being stored. */
  storing?: Promise<void>;
}

/** A value that has found its place. */
export interface PlacedValue {
  readonly job: ForeignJob;
  readonly node: string;
  readonly part: Part;
  /** The label by which values of the part are added up. */
  readonly added?: string;
  readonly gpu?: string;
  readonly timeMs: number;
  readonly value: number;
}

/** Gathers values until they make a sample. */
export class Waiting {
  readonly #places = new Map<string, Place>();
  readonly #moments = new Set<Moment>();
  #values = 0;

  /** `onGpuAlone` is called for each reading of a GPU that no sample came for. */
  constructor(private readonly onGpuAlone: (source: IngestSource) => void) {}

  /**
   * Adds a value and returns its moment; undefined for one of a GPU while its job has none. Throws
   * `unavailable` if too many values wait.
   */
  add(value: PlacedValue, source: IngestSource, nowMs: number): Moment | undefined {
    const place = this.#placeOf(value.job, value.node);
    if (value.gpu !== undefined) {
      this.#addGpu(place, value.gpu, value, source);
      return place.moments.get(value.timeMs);
    }
    let moment = place.moments.get(value.timeMs);
    if (!moment) {
      moment = { place, timeMs: value.timeMs, source, values: new Map(), touchedMs: nowMs };
      place.moments.set(value.timeMs, moment);
      this.#moments.add(moment);
    }
    const key = value.added === undefined ? value.part : `${value.part}\0${value.added}`;
    if (!moment.values.has(key)) this.#admit();
    moment.values.set(key, value.value);
    moment.touchedMs = nowMs;
    return moment;
  }

  #admit(): void {
    if (this.#values >= MAX_VALUES)
      throw new AppError('unavailable', 'Too many values wait for others of their sample; send this again.');
    this.#values++;
  }

  #placeOf(job: ForeignJob, node: string): Place {
    const key = keyOf(job, node);
    const place: Place = this.#places.get(key) ?? {
      job,
      node,
      known: new Map(),
      points: [],
      gpus: new Map(),
      moments: new Map(),
    };
    // The map is in the order of use.
    this.#places.delete(key);
    this.#places.set(key, place);
    if (this.#places.size > MAX_PLACES) this.#places.delete(this.#places.keys().next().value!);
    return place;
  }

  #addGpu({ gpus }: Place, gpu: string, { timeMs, part, value }: PlacedValue, source: IngestSource): void {
    const readings = gpus.get(gpu) ?? [];
    const known = readings.find((reading) => reading.timeMs === timeMs);
    if (known) {
      known.parts[part] = value;
      return;
    }
    if (readings.length === 0 && gpus.size === MAX_SAMPLE_GPUS) return;
    gpus.set(gpu, readings);
    readings.push({ timeMs, parts: { [part]: value }, isUsed: false });
    readings.sort((one, other) => one.timeMs - other.timeMs);
    if (readings.length > MAX_READINGS) this.#dropFirst(readings, 1, source);
  }

  #dropFirst(readings: GpuReading[], count: number, source: IngestSource): void {
    for (const { isUsed } of readings.splice(0, count)) if (!isUsed) this.onGpuAlone(source);
  }

  /** Forgets the readings of a GPU at a moment, because another job holds it too. */
  dropGpu(job: ForeignJob, node: string, gpu: string): void {
    this.#places.get(keyOf(job, node))?.gpus.delete(gpu);
  }

  /** Forgets a moment that is on disk, or that will never be whole. */
  delete(moment: Moment): void {
    if (!this.#moments.delete(moment)) return;
    moment.place.moments.delete(moment.timeMs);
    this.#values -= moment.values.size;
    // Later moments need nothing older than what this one had.
    for (const readings of moment.place.gpus.values())
      this.#dropFirst(readings, indexAt(readings, moment.timeMs), moment.source);
  }

  /** Lists the moments that nothing was added to since `untilMs` and that are not being stored. */
  idle(untilMs: number): Moment[] {
    return [...this.#moments].filter(({ touchedMs, storing }) => touchedMs <= untilMs && !storing);
  }
}

const keyOf = (job: ForeignJob, node: string): string =>
  `${'sluid' in job ? `sluid ${job.sluid}` : job.jobId}\0${node}`;

/** Adds up the values of a moment. Where each core has a counter, the job was given as many CPUs. */
export function partsOf({ values }: Pick<Moment, 'values'>): Parts {
  const parts: Partial<Record<Part, number>> = {};
  for (const [key, value] of values) {
    const part = key.split('\0')[0] as Part;
    parts[part] = (parts[part] ?? 0) + value;
  }
  if (kindOf({ values }) === 'core') parts.cpus_allocated ??= countersOf({ values });
  return parts;
}

const CORE = 'cpu_seconds\0';
const countersOf = ({ values }: Pick<Moment, 'values'>): number =>
  [...values.keys()].filter((key) => key === 'cpu_seconds' || key.startsWith(CORE)).length;
const kindOf = ({ values }: Pick<Moment, 'values'>): Kind => (values.has('cpu_seconds') ? 'job' : 'core');

/** Counts the values of a moment, those of GPUs that were read with it included. */
const countOf = ({ place, timeMs, values }: Moment): number =>
  [...place.gpus.values()]
    .flatMap((readings) => readings.find((reading) => reading.timeMs === timeMs) ?? [])
    .reduce((sum, { parts }) => sum + Object.keys(parts).length, values.size);

/** Returns whether a sample can be made of a moment, although values may still arrive. */
export const canBeStored = (moment: Moment): boolean =>
  isWhole(partsOf(moment)) && countersOf(moment) >= (moment.place.known.get(kindOf(moment))?.counters ?? 0);

/** Returns whether a moment has as many values as the one before it had: no further ones are missing. */
export function isComplete(moment: Moment): boolean {
  const known = moment.place.known.get(kindOf(moment));
  return known !== undefined && countOf(moment) >= known.values && canBeStored(moment);
}

/** Remembers how many values a moment has, because the next ones will have as many. */
export function learnFrom(moment: Moment, isStored: boolean): void {
  const { place, timeMs } = moment;
  const kind = kindOf(moment);
  const values = countOf(moment);
  if (isStored) {
    place.last = { timeMs, kind, values };
    place.known.set(kind, { values, counters: countersOf(moment) });
  } else if (place.last?.timeMs === timeMs) {
    // The rest of a moment that was stored too early.
    const known = place.known.get(place.last.kind)!;
    place.known.set(place.last.kind, { ...known, values: place.last.values + moment.values.size });
  } else if (countersOf(moment) > 0) {
    place.known.set(kind, { values, counters: countersOf(moment) });
  }
}

/** The index of the newest reading that is not after `timeMs`; -1 if there is none. */
const indexAt = (readings: readonly GpuReading[], timeMs: number): number =>
  readings.findLastIndex((reading) => reading.timeMs <= timeMs);

/** Returns the readings of GPUs that belong to a moment: of each the newest, unless another one has it. */
export const gpusOf = ({ place, timeMs }: Moment): [name: string, reading: GpuReading][] =>
  [...place.gpus].flatMap(([name, readings]) => {
    const newest = readings[indexAt(readings, timeMs)];
    const isFree = newest && !newest.isUsed && newest.timeMs > timeMs - GPU_JOIN_MS;
    return isFree ? [[name, newest]] : [];
  });

/** Remembers a point of the counter in order of time. */
export function addPoint({ points }: Place, point: CounterPoint): void {
  if (points.some(({ timeMs }) => timeMs === point.timeMs)) return;
  points.push(point);
  points.sort((one, other) => one.timeMs - other.timeMs);
  if (points.length > MAX_POINTS) points.shift();
}
