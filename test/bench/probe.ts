import { timePost } from './http.ts';

// Times POSTs of one sample, one after the other, in a process of its own: what a load generator does beside it would
// count as the service's time otherwise. Arguments: URL and number of POSTs; on standard input the ids of jobs, as JSON.
// Prints the milliseconds of each as JSON.

/** The first ones open the connection and warm this process up. */
const WARM_UP = 20;
const [url, posts] = process.argv.slice(2);
const jobIds: readonly string[] = await Bun.stdin.json();
const times: number[] = [];
for (let count = 0; count < WARM_UP + Number(posts); count++) {
  const path = `/v1/jobs/${jobIds[count % jobIds.length]}/metrics`;
  const { ms, isOk, status, body } = await timePost(
    `${url}${path}`,
    '{"cpu_usage":75.53,"memory_usage_mb":4096,"gpu_usage":50}',
  );
  if (!isOk) throw new Error(`POST ${path} was answered ${status}: ${body}`);
  if (count >= WARM_UP) times.push(ms);
  await Bun.sleep(2);
}
console.log(JSON.stringify(times));
