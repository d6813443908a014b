import { createServer, type Socket } from 'node:net';

/**
 * An answer as it goes over the wire; `cut` breaks off after its text, `hang` is never answered, `break`
 * closes the connection.
 */
export type Scripted = string | { readonly cut: string } | 'hang' | 'break';

/** A reader may lose what arrives together with the break. */
const BREAK_MS = 100;

/** Writes an answer of JSON, or of the bytes of a text. */
export function answerOf(status: number, body: unknown, headers: readonly string[] = []): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const head = [`HTTP/1.1 ${status} Scripted`, 'content-type: application/json', ...headers];
  return [...head, `content-length: ${Buffer.byteLength(text)}`, 'connection: close', '', text].join('\r\n');
}

/** The start of an answer whose body is cut off: more bytes are announced than come. */
export const cutAnswer = (body: string): Scripted => ({
  cut: [
    ...['HTTP/1.1 200 Scripted', 'content-type: application/json'],
    ...['content-length: 99999', '', body],
  ].join('\r\n'),
});

/**
 * A server on a real socket that gives the answers of a
 * script one after the other, the last one again and again.
 */
export async function startScriptedServer(script: readonly Scripted[]) {
  const requests: { line: string; body: string }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (data) => {
      text += data;
      const [head = '', body] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (body === undefined || Buffer.byteLength(body) < length) return;
      const answer = script[Math.min(requests.length, script.length - 1)]!;
      requests.push({ line: head.split(' HTTP/')[0]!, body });
      text = '';
      if (answer === 'hang') return;
      if (answer === 'break') socket.destroy();
      else if (typeof answer === 'string') socket.end(answer);
      else {
        socket.write(answer.cut);
        setTimeout(() => socket.destroy(), BREAK_MS);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
