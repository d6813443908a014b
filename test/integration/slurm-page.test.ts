import { expect } from 'bun:test';
import { startBrowser } from '../help/browser.ts';
import { testWithCluster } from '../help/cluster.ts';
import { startAll } from '../help/deployment.ts';
import { expectWell, textOf } from '../help/page.ts';
import { OLDEST } from '../help/release.ts';
import { until } from '../help/scenario.ts';

testWithCluster(OLDEST)(
  'a job that is submitted to a real Slurm appears in the pages, runs there, and ends there',
  async () => {
    await using all = await startAll(OLDEST);
    await using server = await all.start();
    await using browser = await startBrowser();
    const { cluster } = all;
    const submit = (seconds: number, ...options: string[]) =>
      cluster.submit('games', `sleep ${seconds}`, '--nodes=2', ...options);
    const first = await submit(1, '--job-name=first');
    const stateOf = async (id: string) =>
      ((await (await fetch(`${server.url}/v1/jobs/${id}`)).json()) as { state?: string }).state;
    await until('the first job to end', async () => (await stateOf(first)) === 'completed');

    const list = await browser.open(`${server.url}/jobs`);
    await list.until(`document.querySelector('.jobs tbody')?.innerText.includes('first')`);
    const second = await submit(600, '--job-name=second', '--time=30');
    await list.until(`document.querySelector('.news')`);
    await list.evaluate(`document.querySelector('.news').click()`);
    await list.until(`document.querySelector('.jobs tbody')?.innerText.includes('second')`);
    await expectWell(list, server.url);
    await list.close();

    await until('the second job to run', async () => (await stateOf(second)) === 'running');
    const page = await browser.open(`${server.url}/jobs/${second}`);
    await page.until(`document.querySelector('h1')?.innerText.includes('${second}')`);
    expect(await textOf(page)).toContain('running');
    await cluster.run('scancel', second);
    await page.until(`document.querySelector('main').innerText.includes('cancelled')`);
    await expectWell(page, server.url);

    // Jobs wait in the queue for a reason.
    const held = await submit(1, '--job-name=third', '--hold');
    await until('the held job to be known', async () => (await stateOf(held)) === 'pending');
    const queue = await browser.open(`${server.url}/queue`);
    await queue.until(`document.querySelector('main').innerText.includes('${held}')`);
    await expectWell(queue, server.url);
  },
  200_000,
);
