import { createServer, type Socket } from 'node:net';

/**
 * What a mail server does with the next mail: takes it; says nothing at all; answers without end, a line
 * every 20 ms; refuses its receiver; is too busy; has it all and says nothing; has it all and breaks off.
 */
export type Manner = 'take' | 'silent' | 'endless' | 'refuse' | 'busy' | 'keep' | 'break';

/** A mail as it went over the wire. */
export interface TakenMail {
  /** Addresses of MAIL FROM and RCPT TO. */
  readonly from: string;
  readonly to: readonly string[];
  /** Names and values of its header fields, unfolded. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly text: string;
}

/** Speaks SMTP on a real socket, and misbehaves as a test asks for: no server that is installed hangs. */
export async function startSmtpServer() {
  const state = { manner: 'take' as Manner, connections: 0 };
  const taken: TakenMail[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    state.connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    converse(socket, state.manner, taken);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `smtp://127.0.0.1:${port}`,
    state,
    taken,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function converse(socket: Socket, manner: Manner, taken: TakenMail[]): void {
  const say = (line: string) => void socket.write(`${line}\r\n`);
  if (manner === 'silent') return;
  say(manner === 'busy' ? '421 too busy' : '220 test');
  if (manner === 'busy') {
    socket.end();
    return;
  }
  let from = '';
  const to: string[] = [];

  /** Answers a command; returns whether the text of the mail follows. */
  function answer(line: string): boolean {
    if (line.startsWith('EHLO') && manner === 'endless') {
      const timer = setInterval(() => say('250-wait'), 20);
      socket.on('close', () => clearInterval(timer));
      return false;
    }
    if (line.startsWith('MAIL FROM:')) from = addressIn(line);
    if (line.startsWith('RCPT TO:')) to.push(addressIn(line));
    say(manner === 'refuse' && line.startsWith('RCPT') ? '550 nobody of that name' : answerTo(line));
    if (line === 'QUIT') socket.end();
    return line === 'DATA';
  }

  function receive(text: string): void {
    if (manner === 'break') socket.destroy();
    if (manner !== 'take') return;
    taken.push({ from, to: [...to], ...readMail(text) });
    say('250 queued');
  }

  let rest = '';
  let isData = false;
  socket.on('data', (data) => {
    rest += data.toString('latin1');
    for (;;) {
      const mark = isData ? '\r\n.\r\n' : '\r\n';
      const end = rest.indexOf(mark);
      if (end < 0) return;
      const text = rest.slice(0, end);
      rest = rest.slice(end + mark.length);
      if (isData) receive(text);
      isData = !isData && answer(text);
    }
  });
}

function answerTo(line: string): string {
  if (line === 'DATA') return '354 go on';
  return line === 'QUIT' ? '221 bye' : '250 ok';
}

const addressIn = (line: string): string => Buffer.from(/<(.*)>/.exec(line)![1]!, 'latin1').toString();

function readMail(text: string): Pick<TakenMail, 'headers' | 'text'> {
  const end = text.indexOf('\r\n\r\n');
  const headers = text
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    });
  return { headers, text: text.slice(end + 4) };
}
