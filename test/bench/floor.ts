import { resolve } from 'node:path';

/** Starts one of the floors in a process of its own, so that it has a processor as the executable has. */
export async function startFloor(name: 'echo' | 'concatenate', ...args: string[]) {
  const child = Bun.spawn(['bun', resolve(import.meta.dir, `floor/${name}.ts`), ...args], { stdout: 'pipe' });
  let url = '';
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    url += chunk;
    if (url.includes('\n')) break;
  }
  return { url: url.trim(), [Symbol.dispose]: () => child.kill('SIGKILL') };
}
