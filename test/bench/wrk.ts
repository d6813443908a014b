import { $ } from 'bun';

/** Runs a wrk script for `seconds`; returns the answers a second. Throws unless all are 2xx. */
export async function postRate(
  url: string,
  script: string,
  seconds: number,
  connections = 32,
): Promise<number> {
  const output = await runScript(url, script, seconds, connections);
  return readNumber(output, /Requests\/sec:\s+([\d.]+)/);
}

/** As `postRate`; returns how many requests were answered. */
export async function countAnswers(url: string, script: string, seconds: number): Promise<number> {
  return readNumber(await runScript(url, script, seconds, 32), /(\d+) requests in/);
}

async function runScript(url: string, script: string, seconds: number, connections: number): Promise<string> {
  const output = await $`wrk -t1 -c${connections} -d${seconds}s -s ${script} ${url}`.text();
  if (/Non-2xx/.test(output)) throw new Error(`Not every request was answered 2xx:\n${output}`);
  return output;
}

function readNumber(output: string, pattern: RegExp): number {
  const number = pattern.exec(output)?.[1];
  if (number === undefined) throw new Error(`wrk printed no figure:\n${output}`);
  return Number(number);
}

/** Returns a wrk script that posts samples of `jobs` jobs in turn, with these headers. */
export function postScript(jobs: number, headers: Readonly<Record<string, string>> = {}): string {
  return `
    wrk.method = "POST"
    ${setHeaders({ ...headers, 'Content-Type': 'application/json' })}
    wrk.body = '{"cpu_usage":75.53,"memory_usage_mb":4096,"gpu_usage":50.0}'
    local next = 0
    request = function()
      next = (next + 1) % ${jobs}
      return wrk.format(nil, "/v1/jobs/job-" .. next .. "/metrics")
    end`;
}

/** Returns a wrk script that reads `jobs` jobs in turn, with these headers. */
export function readScript(jobs: number, headers: Readonly<Record<string, string>>): string {
  return `
    ${setHeaders(headers)}
    local next = 0
    request = function()
      next = (next + 1) % ${jobs}
      return wrk.format(nil, "/v1/jobs/job-" .. next)
    end`;
}

const setHeaders = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `wrk.headers["${name}"] = "${value}"`)
    .join('\n');
