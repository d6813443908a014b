import { readdir, readFile } from 'node:fs/promises';
import type { Paths } from '../paths.ts';
import { type GpuDevice, type GpuReport, MAX_DEVICES, NO_GPUS, readBusId } from './gpu.ts';
import {
  chooseFields,
  type Field,
  parseGpus,
  parseInformation,
  parseList,
  parseSlices,
} from './nvidia-text.ts';
import { createTools } from './tools.ts';

interface NvidiaOptions {
  readonly paths: Paths;
  /** Folders in which nvidia-smi is looked for, as in PATH. */
  readonly path: string;
  /** nvidia-smi is killed after this time. */
  readonly timeoutMs?: number;
}

/** Without persistence mode, the first answer takes seconds. */
const TIMEOUT_MS = 8000;
const FOLDER = '/proc/driver/nvidia/gpus';

/**
 * Returns a function that reads all NVIDIA GPUs of this node, with one nvidia-smi for all of them (three on a
 * node with MIG). It rejects, in words for an administrator, when nvidia-smi fails, hangs or says nothing
 * sensible. One call at a time.
 */
export function createNvidia({
  paths,
  path,
  timeoutMs = TIMEOUT_MS,
}: NvidiaOptions): () => Promise<GpuReport> {
  let fields: readonly Field[] | undefined;
  const tools = createTools({ path, timeoutMs });

  async function query(args: readonly string[]): Promise<string> {
    const file = tools.find('nvidia-smi');
    if (file === null)
      throw new Error(
        `nvidia-smi is not in ${path}, though this node has the driver. Install the driver's tools`,
      );
    return tools.run(file, args);
  }

  async function readRows(): Promise<GpuReport> {
    fields ??= await probe();
    const list = fields.map(({ asked }) => asked).join(',');
    const { text, failure } = await withFailure(
      query([`--query-gpu=${list}`, '--format=csv,noheader,nounits']),
    );
    const report = parseGpus(text, fields);
    // It fails for one lost GPU too, and then has the rows of the others.
    if (report.devices.length > 0 || report.lost.length > 0) return report;
    throw failure ?? new Error(`nvidia-smi printed no row of a GPU, but: ${startOf(text)}`);
  }

  async function probe(): Promise<Field[]> {
    const offered = chooseFields(await query(['--help-query-gpu']));
    if (offered.some(({ name }) => name === 'uuid')) return offered;
    throw new Error('nvidia-smi --help-query-gpu names no field uuid. See what it prints on this node');
  }

  async function readSlices(): Promise<Pick<GpuReport, 'devices' | 'dropped'>> {
    const slices = parseList(await query(['-L']));
    return slices.length === 0 ? NO_GPUS : parseSlices(await query(['-q', '-x']), slices);
  }

  return async () => {
    const places = await readPlaces(paths);
    if (places === undefined) return NO_GPUS;
    if (tools.isHanging())
      throw new Error(
        'nvidia-smi hangs in the driver since it was killed. See dmesg for Xid, and restart the node',
      );
    try {
      const report = await readRows();
      const slices = report.devices.some(({ isDivided }) => isDivided) ? await readSlices() : NO_GPUS;
      return {
        devices: [...joinPlaces(report.devices, places), ...slices.devices],
        lost: report.lost,
        dropped: report.dropped + slices.dropped,
      };
    } catch (error) {
      // A new driver may have other fields.
      fields = undefined;
      throw error;
    }
  };
}

/** Waits for a program, and keeps what it printed before it failed. */
async function withFailure(running: Promise<string>): Promise<{ text: string; failure?: Error }> {
  try {
    return { text: await running };
  } catch (error) {
    const { output = '' } = error as { output?: string };
    return { text: output, failure: error as Error };
  }
}

const startOf = (text: string): string => JSON.stringify(text.trim().slice(0, 120));

/**
 * Returns the GPUs that the driver knows, without starting a program; undefined on a node without the driver.
 */
export async function readPlaces(paths: Paths): Promise<GpuDevice[] | undefined> {
  const names = await readdir(paths.of(FOLDER)).catch(() => undefined);
  if (names === undefined) return undefined;
  const places: GpuDevice[] = [];
  for (const name of names.slice(0, MAX_DEVICES)) {
    const busId = readBusId(name);
    const text = await readFile(paths.of(`${FOLDER}/${name}/information`), 'latin1').catch(() => '');
    const { uuid, ...information } = parseInformation(text);
    if (busId !== undefined && uuid !== undefined)
      places.push({ uuid, vendor: 'nvidia', busId, ...information, values: {} });
  }
  return places;
}

/** Adds numbers of device files, and the GPUs that nvidia-smi left out. */
function joinPlaces(devices: readonly GpuDevice[], places: readonly GpuDevice[]): GpuDevice[] {
  const known = new Map(places.map((place) => [place.uuid, place]));
  const uuids = new Set(devices.map(({ uuid }) => uuid));
  return [
    ...devices.map((device) => ({ ...known.get(device.uuid), ...device })),
    ...places.filter(({ uuid }) => !uuids.has(uuid)),
  ];
}
