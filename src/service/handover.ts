import { dlopen, FFIType, ptr } from 'bun:ffi';
import { readdirSync } from 'node:fs';

// <asm-generic/socket.h>
const SOL_SOCKET = 1;
const SO_REUSEPORT = 15;
const SO_ACCEPTCONN = 30;
const SO_ATTACH_REUSEPORT_CBPF = 51;
/** The instruction `return` with a constant: <linux/bpf_common.h>. */
const BPF_RET_K = 0x06;

const { i32, u32, ptr: pointer } = FFIType;
const FUNCTIONS = {
  setsockopt: { args: [i32, i32, i32, pointer, u32], returns: i32 },
  getsockopt: { args: [i32, i32, i32, pointer, pointer], returns: i32 },
} as const;

const openLibc = () => dlopen('libc.so.6', FUNCTIONS).symbols;
type Libc = ReturnType<typeof openLibc>;

/** A server, and the file descriptor of the socket on which it listens; undefined if it cannot be found. */
export interface Opened<Server> {
  readonly server: Server;
  readonly file: number | undefined;
}

/** Calls `open`, which begins to listen, and finds its socket. */
export function openWithFile<Server>(open: () => Server): Opened<Server> {
  let libc: Libc;
  try {
    libc = openLibc();
  } catch {
    return { server: open(), file: undefined };
  }
  const before = new Set(listeningFiles(libc));
  const server = open();
  return { server, file: listeningFiles(libc).find((one) => !before.has(one)) };
}

/**
 * Calls `open`, which listens where `old` listens, with SO_REUSEPORT. Afterwards the kernel gives all new
 * connections to the new socket, and the old one has only those that it had. There must be no third one.
 * Throws where the system does not allow it.
 */
export function handOver<Server>(old: number | undefined, open: () => Server): Opened<Server> {
  if (old === undefined) throw new Error('The socket of the listener is not known.');
  const libc = openLibc();
  // Not from the start: until now no other program of this user could take a share of the requests.
  if (libc.setsockopt(old, SOL_SOCKET, SO_REUSEPORT, ptr(Int32Array.of(1)), 4) !== 0)
    throw new Error('The socket option SO_REUSEPORT cannot be set.');
  const opened = openWithFile(open);
  // The program chooses among the sockets by their order: the second one. When the first is gone, that number
  // is out of range, and the kernel takes the one that is left. Where it cannot be set, both sockets get
  // connections until the old one is closed, which may lose those that it has not accepted by then.
  const program = programThatReturns(1);
  if (opened.file !== undefined)
    libc.setsockopt(opened.file, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, ptr(program), SOCK_FPROG_BYTES);
  return opened;
}

const SOCK_FPROG_BYTES = 16;

/** A `struct sock_fprog`, and behind it the one instruction to which it points. */
function programThatReturns(number: number): Uint8Array {
  const bytes = new Uint8Array(SOCK_FPROG_BYTES + 8);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 1, true);
  view.setBigUint64(8, BigInt(ptr(bytes)) + BigInt(SOCK_FPROG_BYTES), true);
  view.setUint16(SOCK_FPROG_BYTES, BPF_RET_K, true);
  view.setUint32(SOCK_FPROG_BYTES + 4, number, true);
  return bytes;
}

function listeningFiles(libc: Libc): number[] {
  const value = new Int32Array(1);
  const length = new Uint32Array(1);
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((file) => {
      value[0] = 0;
      length[0] = 4;
      const failed = libc.getsockopt(file, SOL_SOCKET, SO_ACCEPTCONN, ptr(value), ptr(length)) !== 0;
      return !failed && value[0] === 1;
    });
}
