/** Runs one command line of the program from its source to its end, without building the executable. */
export async function runSource(args: readonly string[]) {
  const child = Bun.spawn([process.execPath, 'src/main.ts', ...args], {
    env: { PATH: process.env.PATH },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode: await child.exited, stdout, stderr };
}
