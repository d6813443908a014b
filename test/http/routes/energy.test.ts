import { expect, test } from 'bun:test';
import { createSacctReader } from '../../../src/slurm/records/sacct.ts';
import { startService } from '../../help/service.ts';

const OUTPUT = `User|JobIDRaw|State|Submit|Start|End|NodeList|AllocCPUS|AllocTRES|ConsumedEnergyRaw
alice|7|REQUEUED|1796077490|1796077490|1796077590|n1|64|cpu=64,node=1|4000
alice|7|COMPLETED|1796077700|1796077700|1796077800|n1|64|cpu=64,node=1|250000000000
alice|8|COMPLETED|1796077700|1796077700|1796077800|n1|1|cpu=1,node=1|5000
`;

test('each run that had whole nodes is shown with its energy and how that was measured', async () => {
  await using service = await startService();
  const reader = createSacctReader(Date.UTC(2026, 11, 1), { cpusOf: () => 64 });
  await service.store.applyReports([...reader.read(OUTPUT), ...reader.finish()]);
  const read = async (path: string) => (await service.send('GET', path)).json;
  expect(await read('/v1/jobs/7')).toMatchObject({ energy_joules: 250e9, energy_method: 'slurm' });
  const { runs } = await read('/v1/jobs/7/runs');
  expect(runs.map(({ energy_joules }: { energy_joules: number }) => energy_joules)).toEqual([250e9, 4000]);
  const shared = await read('/v1/jobs/8');
  expect(shared.state).toBe('completed');
  expect(shared).not.toHaveProperty('energy_joules');
  expect(shared).not.toHaveProperty('energy_method');
});
