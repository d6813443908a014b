import { type GpuDevice, type GpuReport, keepLikely, MAX_DEVICES, readBusId, readNumber } from './gpu.ts';

const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

type Json = Readonly<Record<string, unknown>>;

/** Returns the UUID as ROCR_VISIBLE_DEVICES has it; cards for desks have none, and only their place. */
export function uuidOf(uniqueId: string | undefined, busId: string | undefined): string | undefined {
  const digits = (uniqueId ?? '').trim().toLowerCase().replace(/^0x/, '');
  if (/^[\da-f]{1,16}$/.test(digits) && !/^0+$/.test(digits)) return `GPU-${digits.padStart(16, '0')}`;
  return busId === undefined ? undefined : `PCI-${busId}`;
}

/**
 * Parses `amd-smi metric --usage --power --temperature --mem-usage --json` with the UUIDs of `amd-smi list
 * --json`. Values are numbers, numbers with a unit, or "N/A", and the list may be inside of an object. Throws
 * for what is no such list.
 */
export function parseAmdSmi(metric: string, list: string): GpuReport {
  const names = new Map(entriesOf('amd-smi list', list).map((entry) => [entry.gpu, entry]));
  return collect(
    entriesOf('amd-smi metric', metric).map((entry) => {
      const name = names.get(entry.gpu);
      const busId = readBusId(textOf(name?.bdf));
      const uuid = textOf(name?.uuid) ?? uuidOf(undefined, busId);
      const { usage, power, temperature, mem_usage: memory } = entry as Record<string, Json | undefined>;
      return {
        ...(uuid !== undefined && { uuid }),
        ...(busId !== undefined && { busId }),
        values: {
          gpu_utilization_percent: quantityOf(usage?.gfx_activity),
          gpu_memory_used_bytes: bytesOf(memory?.used_vram),
          gpu_memory_total_bytes: bytesOf(memory?.total_vram),
          gpu_power_watts: quantityOf(power?.socket_power) ?? quantityOf(power?.average_socket_power),
          gpu_temperature_celsius: quantityOf(temperature?.edge) ?? quantityOf(temperature?.hotspot),
        },
      };
    }),
  );
}

/**
 * Parses `rocm-smi --json`. Values are texts whose names change from release to release, and the second die
 * of a card says N/A for its power. Throws for what is no such object.
 */
export function parseRocmSmi(text: string): GpuReport {
  const cards = objectOf('rocm-smi', text);
  const names = Object.keys(cards).filter((name) => /^card\d+$/.test(name));
  if (names.length === 0)
    throw new Error('rocm-smi printed no card. See what rocm-smi --json prints on this node');
  return collect(
    names.map((name) => {
      const card = isObject(cards[name]) ? cards[name] : {};
      const value = (pattern: RegExp) =>
        Object.entries(card)
          .filter(([key]) => pattern.test(key))
          .map(([, text]) => quantityOf(text))
          .find((number) => number !== undefined);
      const busId = readBusId(textOf(card['PCI Bus']));
      const uuid = uuidOf(textOf(card['Unique ID']), busId);
      return {
        ...(uuid !== undefined && { uuid }),
        ...(busId !== undefined && { busId }),
        values: {
          gpu_utilization_percent: value(/^GPU use \(%\)$/),
          gpu_memory_used_bytes: value(/^VRAM Total Used Memory \(B\)$/),
          gpu_memory_total_bytes: value(/^VRAM Total Memory \(B\)$/),
          gpu_power_watts: value(/^(Average|Current Socket) Graphics Package Power \(W\)$/),
          gpu_temperature_celsius:
            value(/^Temperature \(Sensor edge\) \(C\)$/) ?? value(/^Temperature \(Sensor junction\) \(C\)$/),
        },
      };
    }),
  );
}

type Found = Pick<GpuDevice, 'busId'> & {
  readonly uuid?: string;
  readonly values: Parameters<typeof keepLikely>[0];
};

function collect(found: readonly Found[]): GpuReport {
  let dropped = 0;
  const devices = found.slice(0, MAX_DEVICES).flatMap(({ uuid, values, ...place }): GpuDevice[] => {
    if (uuid === undefined) return [];
    const likely = keepLikely(values);
    dropped += likely.dropped;
    return [{ uuid, vendor: 'amd', ...place, values: likely.values }];
  });
  return { devices, lost: [], dropped };
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value !== 'N/A' ? value : undefined;

function parseJson(program: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${program} printed no JSON, but: ${JSON.stringify(text.trim().slice(0, 120))}`);
  }
}

function objectOf(program: string, text: string): Json {
  const value = parseJson(program, text);
  if (isObject(value)) return value;
  throw new Error(`${program} printed JSON of another form than is known`);
}

/** The entries of a list, which newer versions put into an object such as `{"gpu_data": […]}`. */
function entriesOf(program: string, text: string): Json[] {
  const value = parseJson(program, text);
  const list = isObject(value) ? Object.values(value).find(Array.isArray) : value;
  if (!Array.isArray(list)) throw new Error(`${program} printed JSON of another form than is known`);
  return list.filter(isObject);
}

function quantityOf(value: unknown): number | undefined {
  const plain = isObject(value) ? value.value : value;
  return typeof plain === 'number' ? plain : readNumber(textOf(plain));
}

/** Plain numbers are of versions before units, and in MB. */
function bytesOf(value: unknown): number | undefined {
  const unit = isObject(value) ? UNIT_BYTES[String(value.unit)] : UNIT_BYTES.MB;
  const quantity = quantityOf(value);
  return quantity === undefined || unit === undefined ? undefined : quantity * unit;
}
