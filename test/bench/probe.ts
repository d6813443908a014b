import { timePost } from './http.ts';

// Times POSTs of one sample, one after the other. It is its own process, so that the work of a load generator
// does not count as time of the service. Arguments: URL and number of POSTs; standard input: job ids as JSON.
// Prints the milliseconds as JSON.

/** The first POSTs open the connection and warm this process up; they are not counted. */
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
