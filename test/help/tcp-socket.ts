import { dlopen, FFIType, ptr } from 'bun:ffi';

const { i32, u32, u64_fast: u64, i64_fast: i64, ptr: pointer } = FFIType;
const openLibc = () =>
  dlopen('libc.so.6', {
    socket: { args: [i32, i32, i32], returns: i32 },
    setsockopt: { args: [i32, i32, i32, pointer, u32], returns: i32 },
    bind: { args: [i32, pointer, u32], returns: i32 },
    connect: { args: [i32, pointer, u32], returns: i32 },
    send: { args: [i32, pointer, u64, i32], returns: i64 },
    recv: { args: [i32, pointer, u64, i32], returns: i64 },
    shutdown: { args: [i32, i32], returns: i32 },
    close: { args: [i32], returns: i32 },
    getsockname: { args: [i32, pointer, pointer], returns: i32 },
    seteuid: { args: [u32], returns: i32 },
  }).symbols;
let libc: ReturnType<typeof openLibc>;

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_LINGER = 13;
const MSG_DONTWAIT = 0x40;
const RECEIVE_TRIES = 500;

interface SocketOptions {
  /** The user who opens it; needs root. */
  readonly uid: number;
  /** Bytes of an address of IPv4 or IPv6, and a port. */
  readonly to: { readonly address: Uint8Array; readonly port: number };
  /** The local end; the system chooses one if it is left out. */
  readonly from?: { readonly address: Uint8Array; readonly port: number };
}

/**
 * Opens a TCP connection to this machine as another user, in this process. All calls block, so that several
 * happen before a server of this process sees the first.
 */
export function connectAs({ uid, to, from }: SocketOptions) {
  libc ??= openLibc();
  const own = process.geteuid!();
  check(libc.seteuid(uid), 'seteuid');
  const file = libc.socket(to.address.length === 4 ? 2 : 10, 1, 0);
  check(libc.seteuid(own), 'seteuid');
  libc.setsockopt(file, SOL_SOCKET, SO_REUSEADDR, ptr(Int32Array.of(1)), 4);
  const remote = nameOf(to);
  const local = from && nameOf(from);
  if (local && libc.bind(file, ptr(local), local.length) !== 0) {
    libc.close(file);
    throw new Error(`The port ${from!.port} is not free.`);
  }
  check(libc.connect(file, ptr(remote), remote.length), 'connect');
  const bytes = new Uint8Array(28);
  libc.getsockname(file, ptr(bytes), ptr(Uint32Array.of(bytes.length)));

  const socket = {
    port: new DataView(bytes.buffer).getUint16(2),
    send(text: string): void {
      const data = Buffer.from(text);
      check(Number(libc.send(file, ptr(data), data.length, 0)) - data.length, 'send');
    },
    /** Ends the sending half, as `nc -N` does. */
    endSending: () => check(libc.shutdown(file, 1), 'shutdown'),
    close: () => void libc.close(file),
    /** Closes with a reset, which frees the port at once. */
    reset(): void {
      libc.setsockopt(file, SOL_SOCKET, SO_LINGER, ptr(Int32Array.of(1, 0)), 8);
      libc.close(file);
    },
    /** Returns what comes until `end` is among it, or the connection ends, or after 5 s. */
    async receive(end: RegExp): Promise<string> {
      let text = '';
      const buffer = new Uint8Array(65_536);
      for (let tries = 0; tries < RECEIVE_TRIES && !end.test(text); tries++) {
        const length = Number(libc.recv(file, ptr(buffer), buffer.length, MSG_DONTWAIT));
        if (length === 0) break;
        if (length > 0) text += Buffer.from(buffer.subarray(0, length)).toString();
        else await Bun.sleep(10);
      }
      return text;
    },
  };
  return socket;
}

function nameOf({ address, port }: { readonly address: Uint8Array; readonly port: number }): Uint8Array {
  const bytes = new Uint8Array(address.length === 4 ? 16 : 28);
  bytes[0] = address.length === 4 ? 2 : 10;
  bytes.set([port >> 8, port & 0xff], 2);
  bytes.set(address, address.length === 4 ? 4 : 8);
  return bytes;
}

function check(result: number, call: string): void {
  if (result !== 0) throw new Error(`${call} failed.`);
}
