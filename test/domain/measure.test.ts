import { describe, expect, test } from 'bun:test';
import { MEASURES, MEASURES_BY_CODE } from '../../src/domain/measure.ts';

describe('the catalogue of measures', () => {
  test('gives each measure a number of its own, which fits into a byte', () => {
    expect(MEASURES_BY_CODE.size).toBe(MEASURES.size);
    for (const code of MEASURES_BY_CODE.keys()) expect(code >= 1 && code <= 255).toBe(true);
  });

  test('never changes a number, because chunks hold it', () => {
    const codes = [...MEASURES.values()].map(({ name, code }) => `${code} ${name}`);
    expect(codes).toMatchInlineSnapshot(`
      [
        "1 cpu_seconds",
        "2 cpu_user_seconds",
        "3 cpu_system_seconds",
        "4 cpu_throttled_seconds",
        "5 cpus_used",
        "6 cpus_allocated",
        "7 memory_current_bytes",
        "8 memory_anonymous_bytes",
        "9 memory_shared_bytes",
        "10 memory_cache_bytes",
        "11 memory_peak_bytes",
        "12 memory_limit_bytes",
        "13 memory_oom_kills",
        "14 io_read_bytes",
        "15 io_written_bytes",
        "16 io_reads",
        "17 io_writes",
        "18 cpu_pressure_seconds",
        "19 memory_pressure_seconds",
        "20 io_pressure_seconds",
        "21 processes",
        "22 threads",
        "23 gpu_energy_joules",
        "24 cpu_energy_joules",
        "25 gpu_utilization_percent",
        "26 gpu_memory_used_bytes",
        "27 gpu_memory_total_bytes",
        "28 gpu_power_watts",
        "29 gpu_temperature_celsius",
        "30 gpu_throttled",
        "31 gpu_held_seconds",
        "32 gpu_idle_seconds",
        "33 gpu_power_seconds",
        "34 cpu_idle_energy_joules",
        "35 cpu_power_seconds",
        "36 node_energy_joules",
        "37 node_power_seconds",
        "38 gpu_throttled_by_heat",
        "39 gpu_throttled_by_power",
      ]
    `);
  });
});
