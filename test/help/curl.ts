/** Runs curl, maybe as another user of this machine; resolves to the status and the body. */
export async function curl(
  args: readonly string[],
  as: (...line: string[]) => string[] = (...line) => line,
): Promise<{ readonly status: number; readonly text: string; readonly json: ReturnType<typeof JSON.parse> }> {
  const child = Bun.spawn(as('curl', '-s', '-g', '-w', '\n%{http_code}', ...args), {
    cwd: '/',
    stdout: 'pipe',
  });
  const output = await new Response(child.stdout).text();
  const end = output.lastIndexOf('\n');
  const text = output.slice(0, end);
  return {
    status: Number(output.slice(end + 1)),
    text,
    get json() {
      return JSON.parse(text);
    },
  };
}
