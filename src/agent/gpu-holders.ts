import type { GpuDevice } from './collectors/gpu.ts';
import type { Held } from './held.ts';
import type { GpuReading } from './reading.ts';

/** What is known of the GPUs of one job. */
export interface GpuClaim {
  /** The job in one word. */
  readonly key: string;
  readonly held?: Held | undefined;
  /** N of the /dev/nvidiaN that its cgroup of version 1 lets it open. */
  readonly minors?: readonly number[] | undefined;
}

/** In which order Slurm counts GPUs: by place on the bus, or by number of the device file. */
export type GpuOrder = 'bus' | 'file';

export interface Attribution {
  /** GPUs by job; a job without GPUs has none. */
  readonly gpus: ReadonlyMap<string, readonly GpuReading[]>;
  /** Sentences about jobs whose GPUs are unknown. */
  readonly troubles: readonly string[];
}

const ADVICE_ORDER =
  'Let gres.conf say either AutoDetect (order of the bus) or File= (order of the device files) for all GPUs, ' +
  'where the agent can read it (/etc/slurm/gres.conf)';

/**
 * Decides which job holds which GPU, by UUID, by device file or, last, by Slurm's number where both orders of
 * counting agree or `order` is known. A GPU that several jobs hold is of none: its reading is marked. One
 * that nobody could read has no values. Nothing is guessed.
 */
export function attributeGpus(
  claims: readonly GpuClaim[],
  devices: readonly GpuDevice[],
  order?: GpuOrder,
): Attribution {
  const troubles = new Set<string>();
  const found = claims.map((claim) => ({ claim, uuids: resolve(claim, devices, order, troubles) }));
  const holders = new Map<string, number>();
  const parents = new Map(devices.map(({ uuid, parent }) => [uuid, parent]));
  for (const { uuids } of found) for (const uuid of uuids) holders.set(uuid, (holders.get(uuid) ?? 0) + 1);
  // Whoever holds all of a GPU shares it with the holders of its slices.
  const slicesHeld = new Set([...holders.keys()].flatMap((uuid) => parents.get(uuid) ?? []));
  const known = new Map(devices.map((device) => [device.uuid, device]));
  const gpus = new Map(
    found.map(({ claim, uuids }) => [
      claim.key,
      uuids.map((uuid) => {
        const isShared = holders.get(uuid)! > 1 || slicesHeld.has(uuid) || claim.held?.isPart === true;
        return readingOf(uuid, known.get(uuid), isShared);
      }),
    ]),
  );
  return { gpus, troubles: [...troubles] };
}

function readingOf(uuid: string, device: GpuDevice | undefined, isShared: boolean): GpuReading {
  const model = device?.model;
  return {
    uuid,
    ...(model !== undefined && { model }),
    ...(isShared && { isShared }),
    values: isShared ? {} : (device?.values ?? {}),
  };
}

/** Returns the UUIDs of a job's GPUs; none if they are unknown, with a reason in `troubles`. */
function resolve(
  { key, held, minors }: GpuClaim,
  devices: readonly GpuDevice[],
  order: GpuOrder | undefined,
  troubles: Set<string>,
): string[] {
  const ids = [...new Set(held?.gpuIds ?? [])];
  if (held !== undefined && ids.length === 0) return [];
  if (ids.length > 0 && ids.every((id) => /^(GPU|MIG)-/.test(id)))
    return ids.map((id) => fullUuid(id, devices));
  const byFile = minors?.map((minor) =>
    devices.find((one) => one.vendor === 'nvidia' && one.minor === minor),
  );
  const isExact = byFile?.every((device) => device !== undefined && !device.isDivided) ?? false;
  // A cgroup that lets every job open every GPU says nothing.
  if (byFile !== undefined && isExact && (held === undefined || byFile.length === ids.length))
    return byFile.map((device) => device!.uuid);
  if (ids.length === 0 || devices.length === 0) return [];
  const numbered = orderDevices(devices, order);
  if (typeof numbered === 'string') {
    troubles.add(`Which GPUs the job ${key} holds is unknown: ${numbered}.`);
    return [];
  }
  const chosen = ids.map((id) => (/^\d{1,4}$/.test(id) ? numbered[Number(id)] : undefined));
  if (chosen.every((device) => device !== undefined)) return chosen.map(({ uuid }) => uuid);
  troubles.add(
    `Slurm gave the job ${key} the GPUs ${ids.join(', ')}, but this node has ${numbered.length}: compare gres.conf ` +
      'with nvidia-smi -L, or rocm-smi.',
  );
  return [];
}

/** CUDA takes the beginning of a UUID too, and other programs write it in capitals. */
function fullUuid(id: string, devices: readonly GpuDevice[]): string {
  const begins = devices.filter(({ uuid }) => uuid.toLowerCase().startsWith(id.toLowerCase()));
  return begins.length === 1 ? begins[0]!.uuid : id;
}

/** Returns the GPUs as Slurm counts them, or why that is unknown. */
export function orderDevices(
  devices: readonly GpuDevice[],
  order: GpuOrder | undefined,
): readonly GpuDevice[] | string {
  if (new Set(devices.map(({ vendor }) => vendor)).size > 1)
    return 'Slurm gives a number only, and this node has GPUs of two vendors';
  if (devices.some(({ isDivided }) => isDivided))
    return 'Slurm gives a number only, and this node has MIG slices. Set AutoDetect=nvml in gres.conf, so that it gives UUIDs';
  const isPlaced = devices.every(({ busId }) => busId !== undefined);
  const isNumbered = devices.every(({ minor }) => minor !== undefined);
  const byBus = devices.toSorted((one, other) => compare(one.busId, other.busId));
  const byFile = devices.toSorted((one, other) => one.minor! - other.minor!);
  if (order === 'bus' && isPlaced) return byBus;
  if (order === 'file' && isNumbered) return byFile;
  if (isPlaced && isNumbered && byBus.every((device, place) => device === byFile[place])) return byBus;
  return isPlaced && isNumbered
    ? `Slurm gives a number only, and by place on the bus GPUs have other numbers than by device file. ${ADVICE_ORDER}`
    : `Slurm gives a number only, and the driver does not say the GPUs' places and device files`;
}

const compare = (one = '', other = ''): number => (one < other ? -1 : Number(one > other));

/**
 * Reads the order of GPUs from gres.conf: AutoDetect counts by place on the bus, File= by device file
 * (gres.conf(5)). Undefined if it says both or neither.
 */
export function readGpuOrder(gresConf: string): GpuOrder | undefined {
  const lines = gresConf.split('\n').map((line) => line.replace(/#.*/, ''));
  const detects = lines.some((line) => /\bAutoDetect\s*=\s*(?!off\b)\w/i.test(line));
  const files = lines.some((line) => /\bName\s*=\s*gpu\b/i.test(line) && /\bFile\s*=/i.test(line));
  if (detects === files) return undefined;
  return detects ? 'bus' : 'file';
}

/**
 * Reads the GPUs in a devices.list of version 1: character devices 195:N. The last two are the driver's
 * own. Undefined where the job may open all devices, or all GPUs.
 */
export function readMinors(devicesList: string): number[] | undefined {
  const minors: number[] = [];
  for (const line of devicesList.split('\n')) {
    if (/^a |^c (\*|195):\*/.test(line)) return undefined;
    const minor = Number(/^c 195:(\d+) /.exec(line)?.[1] ?? 255);
    if (minor < 254) minors.push(minor);
  }
  return [...new Set(minors)].sort((one, other) => one - other);
}
