import { resolve } from 'node:path';

/** Starts one of the floors in a process of its own, so that it has a processor as the executable has. */
export async function startFloor(name: 'echo' | 'concatenate', ...args: string[]) {
  const child = Bun.spawn([process.execPath, resolve(import.meta.dir, `floor/${name}.ts`), ...args], {
    stdout: 'pipe',
  });
  let url = '';
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    url += chunk;
    if (url.includes('\n')) break;
  }
  return {
    url: url.trim(),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}

/** Runs a floor that measures by itself, and prints one number. */
export async function runFloor(name: 'append' | 'jobs', ...args: string[]): Promise<number> {
  const child = Bun.spawn([process.execPath, resolve(import.meta.dir, `floor/${name}.ts`), ...args], {
    stdout: 'pipe',
  });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`The floor ${name} failed.`);
  return Number(output);
}
