import type { GpuDevice, GpuReport } from './gpu.ts';
import { keepLikely, MAX_DEVICES, readBusId, readNumber } from './gpu.ts';

const MIB = 2 ** 20;

/** What is asked for, by the names that drivers have for it: the first that a driver knows. */
const FIELDS = [
  ['uuid', 'gpu_uuid'],
  ['pci.bus_id', 'gpu_bus_id'],
  ['name', 'gpu_name'],
  ['mig.mode.current'],
  ['utilization.gpu'],
  ['memory.used'],
  ['memory.total'],
  ['power.draw', 'power.draw.instant', 'power.draw.average'],
  ['temperature.gpu'],
  // Renamed with driver 535.
  ['clocks_event_reasons.active', 'clocks_throttle_reasons.active'],
] as const;

/** A field by our name for it, which is the first, and by the name of the driver here. */
export interface Field {
  readonly name: (typeof FIELDS)[number][0];
  readonly asked: string;
}

/**
 * Chooses what to ask for from the text of `nvidia-smi --help-query-gpu`: one unknown field fails the call.
 */
export function chooseFields(help: string): Field[] {
  const lines = help.split('\n').filter((line) => line.startsWith('"'));
  const offered = new Set(
    lines.flatMap((line) => [...line.matchAll(/"([\w.]+)"/g)].map(([, name]) => name!)),
  );
  return FIELDS.flatMap((names) => {
    const asked = names.find((name) => offered.has(name));
    return asked === undefined ? [] : [{ name: names[0], asked }];
  });
}

// Bits of nvmlClocksEventReasons (nvml.h). The others are idling and settings.
/** Too hot, for the driver and for the board. */
const HEAT = 0x20 | 0x40;
/** At the power limit, and braked by the power supply. */
const POWER = 0x4 | 0x80;
/** 0x8: slowed down by the board, which does not always say why. */
const SLOWED = HEAT | POWER | 0x8;
const LOST =
  /device handle for (?:GPU\d*:?\s*)?([\dA-Fa-f]{4,8}:[\dA-Fa-f]{2}:[\dA-Fa-f]{2}\.\d).*?:\s*(GPU is lost|Unknown Error|Not Found|No Such)/i;

/**
 * Parses what nvidia-smi prints for `--query-gpu` with csv,noheader,nounits. A GPU that fell off the bus has
 * a sentence in place of its row. Everything that is no number is absent, whatever words it has.
 */
export function parseGpus(text: string, fields: readonly Field[]): GpuReport {
  const devices: GpuDevice[] = [];
  const lost: string[] = [];
  let dropped = 0;
  for (const line of text.split('\n').slice(0, MAX_DEVICES)) {
    const [, lostBus] = LOST.exec(line) ?? [];
    if (lostBus !== undefined) lost.push(readBusId(lostBus) ?? lostBus);
    const cells = line.split(',').map((cell) => cell.trim());
    if (cells.length !== fields.length) continue;
    const cell = new Map(fields.map(({ name }, position) => [name, cells[position]!]));
    const uuid = cell.get('uuid')!;
    if (!isUuid(uuid)) continue;
    if (cells.some((text) => /GPU is lost/i.test(text))) lost.push(uuid);
    const likely = keepLikely(valuesOf(cell));
    dropped += likely.dropped;
    const busId = readBusId(cell.get('pci.bus_id'));
    const model = cell.get('name');
    devices.push({
      uuid,
      vendor: 'nvidia',
      ...(isText(model) && { model }),
      ...(busId !== undefined && { busId }),
      ...(cell.get('mig.mode.current') === 'Enabled' && { isDivided: true }),
      values: likely.values,
    });
  }
  return { devices, lost, dropped };
}

const isUuid = (text: string) => /^GPU-[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
const isText = (text: string | undefined): text is string =>
  text !== undefined && !/^(|\[.*\]|N\/A)$/.test(text);

function valuesOf(cell: ReadonlyMap<Field['name'], string>) {
  const number = (name: Field['name']) => readNumber(cell.get(name));
  const reasons = cell.get('clocks_event_reasons.active') ?? '';
  return {
    // With MIG it is that of no slice.
    gpu_utilization_percent:
      cell.get('mig.mode.current') === 'Enabled' ? undefined : number('utilization.gpu'),
    gpu_memory_used_bytes: inBytes(number('memory.used')),
    gpu_memory_total_bytes: inBytes(number('memory.total')),
    gpu_power_watts: number('power.draw'),
    gpu_temperature_celsius: number('temperature.gpu'),
    ...(/^0x[\da-f]{1,16}$/i.test(reasons) && throttledOf(BigInt(reasons))),
  };
}

function throttledOf(reasons: bigint) {
  const hasAny = (bits: number): number => ((reasons & BigInt(bits)) === 0n ? 0 : 1);
  return {
    gpu_throttled: hasAny(SLOWED),
    gpu_throttled_by_heat: hasAny(HEAT),
    gpu_throttled_by_power: hasAny(POWER),
  };
}

const inBytes = (mebibytes: number | undefined) => (mebibytes === undefined ? undefined : mebibytes * MIB);

/** A MIG slice in the list of devices. */
interface Slice {
  readonly uuid: string;
  readonly parent: string;
  /** Its number among the slices of its GPU. */
  readonly number: number;
  readonly model: string;
}

/**
 * Parses `nvidia-smi -L`, which alone has the UUIDs of slices: below each GPU, `MIG 1g.5gb  Device 0: (UUID:
 * …)`.
 */
export function parseList(text: string): Slice[] {
  const slices: Slice[] = [];
  let parent: string | undefined;
  for (const line of text.split('\n')) {
    const [, gpu] = /^GPU \d+:.*\(UUID: (GPU-[\w-]+)\)/.exec(line) ?? [];
    if (gpu !== undefined) parent = gpu;
    const [, model, number, uuid] =
      /^\s+(MIG \S+)\s+Device\s+(\d+): \(UUID: (MIG-[\w/-]+)\)/.exec(line) ?? [];
    if (uuid === undefined || parent === undefined || slices.length >= MAX_DEVICES) continue;
    slices.push({ uuid, parent, number: Number(number), model: model! });
  }
  return slices;
}

/**
 * Parses `nvidia-smi -q -x` for the memory of slices. No driver says there how busy a slice is, and its power
 * is not measured, so that both are absent.
 */
export function parseSlices(xml: string, slices: readonly Slice[]): Pick<GpuReport, 'devices' | 'dropped'> {
  const memory = new Map<string, { used: number | undefined; total: number | undefined }>();
  for (const [, gpu = ''] of xml.matchAll(/<gpu id="[^"]*">([\s\S]*?)<\/gpu>/g)) {
    const parent = tag(gpu, 'uuid');
    for (const [, slice = ''] of gpu.matchAll(/<mig_device>([\s\S]*?)<\/mig_device>/g)) {
      const bytes = (name: string) =>
        inBytes(readNumber(tag(tag(slice, 'fb_memory_usage') ?? '', name)?.replace(/ MiB$/, '')));
      memory.set(`${parent} ${tag(slice, 'index')}`, { used: bytes('used'), total: bytes('total') });
    }
  }
  let dropped = 0;
  const devices = slices.map(({ uuid, parent, number, model }): GpuDevice => {
    const { used, total } = memory.get(`${parent} ${number}`) ?? {};
    const likely = keepLikely({ gpu_memory_used_bytes: used, gpu_memory_total_bytes: total });
    dropped += likely.dropped;
    return { uuid, vendor: 'nvidia', model, parent, values: likely.values };
  });
  return { devices, dropped };
}

const tag = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(xml)?.[1]?.trim();

/** Parses a file /proc/driver/nvidia/gpus/BUS/information. */
export function parseInformation(text: string): {
  readonly uuid?: string;
  readonly model?: string;
  readonly minor?: number;
} {
  const line = (name: string) => new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(text)?.[1];
  const [uuid, model, minor] = [line('GPU UUID'), line('Model'), readNumber(line('Device Minor'))];
  return {
    // A driver that has not started the GPU writes question marks.
    ...(uuid !== undefined && isUuid(uuid) && { uuid }),
    ...(isText(model) && { model }),
    ...(minor !== undefined && { minor }),
  };
}
