import { readdirSync } from 'node:fs';
import type { Measured } from '../../domain/measure.ts';
import type { Paths } from '../paths.ts';
import { type Collector, known } from './collector.ts';

/** Whether a block device, `major:minor`, passes its I/O on to other devices that count it too. */
export type IsStacked = (device: string) => boolean;

interface Sums {
  read: number;
  written: number;
  reads: number;
  writes: number;
}

const measuredOf = ({ read, written, reads, writes }: Sums): Measured => ({
  io_read_bytes: read,
  io_written_bytes: written,
  io_reads: reads,
  io_writes: writes,
});

/** Adds up io.stat of version 2: `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`. */
export function parseIoStat(text: string, isStacked: IsStacked): Measured {
  const sums: Sums = { read: 0, written: 0, reads: 0, writes: 0 };
  for (const line of text.split('\n')) {
    const [device = '', ...fields] = line.split(' ');
    if (!/^\d+:\d+$/.test(device) || isStacked(device)) continue;
    const values = new Map(fields.map((field) => field.split('=') as [string, string]));
    sums.read += Number(values.get('rbytes') ?? 0);
    sums.written += Number(values.get('wbytes') ?? 0);
    sums.reads += Number(values.get('rios') ?? 0);
    sums.writes += Number(values.get('wios') ?? 0);
  }
  return measuredOf(sums);
}

/** Adds up blkio.throttle.io_service_bytes and io_serviced of version 1: lines of `8:0 Read 4096`. */
export function parseBlkio(bytes: string, operations: string, isStacked: IsStacked): Measured {
  const sum = (text: string, kind: string) =>
    text
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([device = '', name]) => name === kind && !isStacked(device))
      .reduce((total, [, , value]) => total + Number(value), 0);
  return measuredOf({
    read: sum(bytes, 'Read'),
    written: sum(bytes, 'Write'),
    reads: sum(operations, 'Read'),
    writes: sum(operations, 'Write'),
  });
}

/**
 * Bytes and operations of block devices; Slurm has the controller on only with EnableExtraControllers=io
 * (25.05). Network file systems are not in it.
 */
export function createIo(paths: Paths): Collector {
  const isStacked = createIsStacked(paths);
  return {
    name: 'io',
    read({ unified, controllers }, readFile) {
      const text = unified === undefined ? undefined : readFile(`${unified}/io.stat`);
      if (unified !== undefined && text !== undefined)
        return { folder: unified, values: known(parseIoStat(text, isStacked)) };
      const folder = controllers.get('blkio');
      if (folder === undefined) return undefined;
      const [bytes, operations] = ['io_service_bytes', 'io_serviced'].map((name) =>
        readFile(`${folder}/blkio.throttle.${name}_recursive`),
      );
      if (bytes === undefined || operations === undefined) return undefined;
      return { folder, values: parseBlkio(bytes, operations, isStacked) };
    },
  };
}

/** Devices whose answer is remembered. */
const MAX_DEVICES = 1000;
/** A loop device passes everything on to the device of its file. */
const LOOP = /^7:/;

/** LVM, RAID and encryption list the devices below them in sysfs; without sysfs each device counts. */
function createIsStacked(paths: Paths): IsStacked {
  const answers = new Map<string, boolean>();
  return (device) => {
    const known = answers.get(device);
    if (known !== undefined) return known;
    let answer = LOOP.test(device);
    try {
      answer ||= readdirSync(paths.of(`/sys/dev/block/${device}/slaves`)).length > 0;
    } catch {
      // A partition, or a device that is gone.
    }
    if (answers.size >= MAX_DEVICES) answers.clear();
    answers.set(device, answer);
    return answer;
  };
}
