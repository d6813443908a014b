import { $ } from 'bun';

/**
 * A network namespace that stands for the network of compute nodes: the kernel of the head node does not know
 * whose connections from there are. Files, processes and cgroups are those of this machine. Needs root.
 */
export async function startComputeNetwork() {
  const name = `hpo-${process.pid}`;
  // From the range for tests of networks: RFC 2544.
  const third = process.pid % 256;
  const [head, node] = [`198.18.${third}.1`, `198.18.${third}.2`];
  const [outside, inside] = [`hpo${process.pid}a`, `hpo${process.pid}b`];
  const stop = async () => {
    await $`ip link del ${outside}`.quiet().nothrow();
    await $`ip netns del ${name}`.quiet().nothrow();
  };
  try {
    await $`ip netns add ${name}`.quiet();
    await $`ip link add ${outside} type veth peer name ${inside} netns ${name}`.quiet();
    await $`ip addr add ${head}/30 dev ${outside}`.quiet();
    await $`ip link set ${outside} up`.quiet();
    await $`ip -n ${name} addr add ${node}/30 dev ${inside}`.quiet();
    await $`ip -n ${name} link set ${inside} up`.quiet();
    await $`ip -n ${name} link set lo up`.quiet();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    /** The address of the head node there. */
    head,
    /** The words before a command that runs on a compute node; `ip netns exec` would hide the cgroups. */
    enter: ['nsenter', `--net=/run/netns/${name}`, '--'],
    [Symbol.asyncDispose]: stop,
  };
}

export type ComputeNetwork = Awaited<ReturnType<typeof startComputeNetwork>>;
