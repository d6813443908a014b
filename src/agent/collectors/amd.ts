import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Paths } from '../paths.ts';
import { parseAmdSmi, parseRocmSmi, uuidOf } from './amd-text.ts';
import { type GpuDevice, type GpuReport, keepLikely, NO_GPUS, readBusId, readNumber } from './gpu.ts';
import { createTools } from './tools.ts';

interface AmdOptions {
  readonly paths: Paths;
  /** Folders in which amd-smi and rocm-smi are looked for, as in PATH. */
  readonly path: string;
  /** Each is killed after this time. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 8000;
const FOLDER = '/sys/class/drm';
const VENDOR = '0x1002';
const ROCM_SMI = [
  ...['--showuse', '--showmeminfo', 'vram', '--showpower', '--showtemp', '--showbus', '--showuniqueid'],
  '--json',
];
const NO_TOOL =
  "The amdgpu driver does not say how busy its GPUs are, and neither amd-smi nor rocm-smi is there. Install ROCm's tools";

/**
 * Returns a function that reads all AMD GPUs of this node: from files of the driver, or by amd-smi or rocm-
 * smi where it has none. It rejects, in words for an administrator, when nothing can be read. One call at a
 * time.
 */
export function createAmd({ paths, path, timeoutMs = TIMEOUT_MS }: AmdOptions): () => Promise<GpuReport> {
  const tools = createTools({ path, timeoutMs });

  async function readByProgram(): Promise<GpuReport> {
    if (tools.isHanging())
      throw new Error(
        'amd-smi or rocm-smi hangs in the driver since it was killed. See dmesg, and restart the node',
      );
    const amdSmi = tools.find('amd-smi');
    const rocmSmi = tools.find('rocm-smi');
    if (amdSmi !== null) {
      try {
        const list = await tools.run(amdSmi, ['list', '--json']);
        const metric = ['metric', '--usage', '--power', '--temperature', '--mem-usage', '--json'];
        return parseAmdSmi(await tools.run(amdSmi, metric), list);
      } catch (error) {
        if (rocmSmi === null) throw error;
      }
    }
    if (rocmSmi === null) throw new Error(NO_TOOL);
    return parseRocmSmi(await tools.run(rocmSmi, ROCM_SMI));
  }

  return async () => {
    const report = await readFiles(paths);
    if (report.devices.length === 0) return report;
    // A virtual function and old kernels have no such file.
    if (report.devices.some(({ values }) => 'gpu_utilization_percent' in values)) return report;
    const { devices, dropped } = await readByProgram();
    return { devices: joinCards(devices, report.devices), lost: [], dropped };
  };
}

/** Adds the numbers of device files, and the names of GPUs that only the driver has. */
const joinCards = (devices: readonly GpuDevice[], cards: readonly GpuDevice[]): GpuDevice[] =>
  devices.map((device) => {
    const card = cards.find(({ busId }) => busId !== undefined && busId === device.busId);
    return card === undefined ? device : { ...device, uuid: card.uuid, ...minorOf(card) };
  });

const minorOf = ({ minor }: GpuDevice) => (minor === undefined ? {} : { minor });

/** Reads the files of the amdgpu driver (Documentation/gpu/amdgpu/thermal.rst and driver-misc.rst). */
async function readFiles(paths: Paths): Promise<GpuReport> {
  const names = await readdir(paths.of(FOLDER)).catch(() => []);
  const cards = names.filter((name) => /^card\d{1,3}$/.test(name));
  const reports = await Promise.all(cards.map((card) => readCard(paths.of(`${FOLDER}/${card}/device`))));
  return {
    ...NO_GPUS,
    devices: reports.flatMap(({ device }) => device ?? []),
    dropped: reports.reduce((sum, { dropped }) => sum + dropped, 0),
  };
}

async function readCard(folder: string): Promise<{ readonly device?: GpuDevice; readonly dropped: number }> {
  const text = (name: string) => readFile(`${folder}/${name}`, 'latin1').catch(() => undefined);
  if ((await text('vendor'))?.trim() !== VENDOR) return { dropped: 0 };
  const [busyPercent, usedBytes, totalBytes, uniqueId, uevent] = await Promise.all(
    ['gpu_busy_percent', 'mem_info_vram_used', 'mem_info_vram_total', 'unique_id', 'uevent'].map(text),
  );
  const [sensors] = await readdir(`${folder}/hwmon`).catch(() => []);
  const sensor = async (name: string) => readNumber(await text(`hwmon/${sensors}/${name}`));
  const microwatts = (await sensor('power1_average')) ?? (await sensor('power1_input'));
  const millidegrees = await sensor('temp1_input');
  const likely = keepLikely({
    gpu_utilization_percent: readNumber(busyPercent),
    gpu_memory_used_bytes: readNumber(usedBytes),
    gpu_memory_total_bytes: readNumber(totalBytes),
    gpu_power_watts: microwatts && microwatts / 1e6,
    gpu_temperature_celsius: millidegrees && millidegrees / 1e3,
  });
  const slot = /^PCI_SLOT_NAME=(.*)$/m.exec(uevent ?? '')?.[1];
  const busId = readBusId(slot ?? basename(await realpath(folder).catch(() => '')));
  const uuid = uuidOf(uniqueId, busId);
  if (uuid === undefined) return { dropped: 0 };
  const [render] = (await readdir(`${folder}/drm`).catch(() => [])).filter((name) =>
    /^renderD\d+$/.test(name),
  );
  return {
    device: {
      uuid,
      vendor: 'amd',
      ...(busId !== undefined && { busId }),
      ...(render !== undefined && { minor: Number(render.slice('renderD'.length)) }),
      values: likely.values,
    },
    dropped: likely.dropped,
  };
}
