/** The client's end of a connection, as the kernel describes it. */
export interface ClientSocket {
  readonly uid: number;
  /** 0 if no process has it any more. */
  readonly inode: number;
  readonly state: number;
}

/** What the kernel says for a user who has no number in the service's user namespace, and for no user. */
const OVERFLOW_UID = 65_534;
const NO_UID = 0xffff_ffff;

/**
 * The states of <net/tcp_states.h> in which a client waits for an answer: ESTABLISHED, and FIN_WAIT1 and
 * FIN_WAIT2 after it ended its half of the connection, as `nc -N` does.
 */
const WAITING_STATES = [1, 4, 5];

/**
 * Returns the user who owns a client's socket, or undefined if that is not certain. A socket that its process
 * has closed belongs to nobody: the kernel names root for it.
 */
export function ownerOf(socket: ClientSocket | undefined): number | undefined {
  if (!socket || socket.inode === 0 || !WAITING_STATES.includes(socket.state)) return undefined;
  return socket.uid === OVERFLOW_UID || socket.uid === NO_UID ? undefined : socket.uid;
}
