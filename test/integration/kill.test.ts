import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { countAnswered, findLosses, type Ledger, writeUntil } from '../help/load.ts';

const KILLS = 20;

test('kill -9 under load loses no write that was answered', async () => {
  using folder = temporaryFolder();
  const ledger: Ledger = new Map();
  const refused: number[] = [];
  for (let round = 0; round < KILLS; round++) {
    await using server = await serve({ folder: folder.path });
    let isKilled = false;
    const writing = writeUntil(() => isKilled, {
      url: server.url,
      ledger,
      name: `round${round}`,
      mayBreak: true,
      refused: (answer) => refused.push(answer.status),
    });
    // On a busy machine the first answer can take a while.
    const { samples: before } = countAnswered(ledger);
    while (countAnswered(ledger).samples === before) await Bun.sleep(10);
    await Bun.sleep(Math.random() * 400);
    await server.stop('SIGKILL');
    isKilled = true;
    expect(await writing, `writes answered in round ${round}`).toBeGreaterThan(0);
  }
  expect(refused).toEqual([]);

  const { jobs, samples } = countAnswered(ledger);
  console.log(`${KILLS} kills; ${jobs} jobs and ${samples} samples were answered`);
  await using server = await serve({ folder: folder.path });
  expect(await findLosses(server.url, ledger)).toEqual([]);
  const list = (await (await fetch(`${server.url}/v1/jobs?limit=1`)).json()) as { total: number };
  expect(list.total).toBeGreaterThanOrEqual(jobs);
  expect(list.total).toBeLessThanOrEqual(ledger.size);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain(`\nhpc_job_total ${list.total}\n`);

  expect(await server.stop()).toBe(0);
  using db = new Database(`${folder.path}/hpc-observe.db`, { readonly: true });
  expect(db.query('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
}, 120_000);
