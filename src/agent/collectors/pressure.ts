import { type Collector, known } from './collector.ts';

/**
 * Reads the total of the line `some` (microseconds) as seconds: Documentation/accounting/psi.rst of Linux.
 */
export function parsePressure(text: string | undefined): number | undefined {
  const [, total] = /^some .*\btotal=(\d+)/m.exec(text ?? '') ?? [];
  return total === undefined ? undefined : Number(total) / 1e6;
}

/**
 * Time that processes of the job waited; only version 2 has it, and only if the kernel was started with it.
 */
export const PRESSURE: Collector = {
  name: 'pressure',
  read({ unified }, readFile) {
    if (unified === undefined) return undefined;
    const [cpu, memory, io] = ['cpu', 'memory', 'io'].map((name) =>
      parsePressure(readFile(`${unified}/${name}.pressure`)),
    );
    const values = known({
      cpu_pressure_seconds: cpu,
      memory_pressure_seconds: memory,
      io_pressure_seconds: io,
    });
    return Object.keys(values).length === 0 ? undefined : { folder: unified, values };
  },
};
