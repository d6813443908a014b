import { connect } from 'node:net';
import { connect as connectByTls, type TLSSocket } from 'node:tls';

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

interface ConnectionOptions {
  readonly isReading?: boolean;
  /** The certificates that are trusted, for https. */
  readonly ca?: string | undefined;
}

/** One TCP connection: bytes go out as they are given, and answers are read one after the other. */
export async function openConnection(url: string, { isReading = true, ca }: ConnectionOptions = {}) {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'https:';
  const place = { host: hostname, port: Number(port) };
  const socket = isTls ? connectByTls({ ...place, servername: 'localhost', ca }) : connect(place);
  let received = Buffer.alloc(0);
  let isClosed = false;
  let wake = () => {};
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });
  for (const event of ['end', 'error', 'close']) {
    socket.on(event, () => {
      isClosed = true;
      wake();
    });
  }
  await new Promise<void>((resolve, reject) => {
    socket.once(isTls ? 'secureConnect' : 'connect', resolve);
    socket.once('error', reject);
  });

  const serverName = isTls ? String((socket as TLSSocket).getPeerCertificate().subject.CN) : undefined;
  // A client that reads nothing: what is sent to it fills the buffers of the kernel, and then has to wait.
  if (!isReading) socket.pause();

  return {
    send: (bytes: string | Uint8Array) => void socket.write(bytes),
    isClosed: () => isClosed,
    /** The name in the server's certificate. */
    serverName,
    /** The next answer; undefined when the connection closed, or the time was over, before it was whole. */
    async receive({ toHead = false, timeoutMs = 10_000 } = {}): Promise<Answer | undefined> {
      const untilMs = Date.now() + timeoutMs;
      for (;;) {
        const taken = takeAnswer(received, toHead);
        if (taken) {
          received = received.subarray(taken.bytes);
          return taken.answer;
        }
        if (isClosed || Date.now() > untilMs) return undefined;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 100);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
    close: () => void socket.destroy(),
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

export type Connection = Awaited<ReturnType<typeof openConnection>>;

/** A whole request as text, with what HTTP asks for filled in. */
export function requestText(
  method: string,
  path: string,
  {
    host = 'localhost',
    headers = {},
    body,
  }: { host?: string; headers?: Record<string, string>; body?: string } = {},
): string {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined)
    lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

function takeAnswer(bytes: Buffer, toHead: boolean): { answer: Answer; bytes: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const start = headEnd + 4;
  const done = (body: Buffer, end: number) => ({
    answer: { status, headers, body: body.toString() },
    bytes: end,
  });
  if (toHead || status === 204 || status === 304 || status < 200) return done(Buffer.alloc(0), start);
  if (headers.get('transfer-encoding') === 'chunked') {
    const chunked = takeChunks(bytes, start);
    return chunked && done(chunked.body, chunked.end);
  }
  const end = start + Number(headers.get('content-length') ?? 0);
  return bytes.length < end ? undefined : done(bytes.subarray(start, end), end);
}

function takeChunks(bytes: Buffer, start: number): { body: Buffer; end: number } | undefined {
  const chunks: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const next = lineEnd + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { body: Buffer.concat(chunks), end: next };
    chunks.push(bytes.subarray(lineEnd + 2, next - 2));
    at = next;
  }
}
