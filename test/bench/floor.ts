import { resolve } from 'node:path';

/** Starts a floor that serves, in its own process like the executable. */
export async function startFloor(name: 'echo' | 'elysia' | 'concatenate', ...args: string[]) {
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

/** Runs a floor that measures itself; returns the number it prints. */
export async function runFloor(name: 'append' | 'jobs', ...args: string[]): Promise<number> {
  const child = Bun.spawn([process.execPath, resolve(import.meta.dir, `floor/${name}.ts`), ...args], {
    stdout: 'pipe',
  });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`The floor ${name} failed.`);
  return Number(output);
}
