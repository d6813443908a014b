import { readFileSync } from 'node:fs';
import { loadConfig } from '../config.ts';

/** `hpc-observe config`: what is in force and where each value came from, as a file that --config takes. */
export function showConfig(args: readonly string[], write: (text: string) => void): void {
  const { origins } = loadConfig({ args, env: process.env, readFile: (path) => readFileSync(path, 'utf8') });
  const rows = [...origins].map(([name, { text, origin }]) => [
    `${name.replaceAll('-', '_')} = ${toToml(text)}`,
    origin,
  ]);
  const width = Math.max(...rows.map(([line]) => line!.length));
  for (const [line, origin] of rows) write(`${line!.padEnd(width)}  # ${origin}\n`);
}

/** Numbers and switches stand as they are; everything else is quoted as TOML and JSON both quote. */
const toToml = (text: string) => (/^(\d+|true|false)$/.test(text) ? text : JSON.stringify(text));
