import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { EXECUTABLE } from './executable.ts';

interface AgentOptions {
  /** Names of the nodes; an agent runs for each. */
  readonly nodes: readonly string[];
  /** Where the service is. */
  readonly server: string;
  /** Each agent has a spool folder below this one. */
  readonly folder: string;
  readonly interval: string;
  readonly mungeSocket: string;
  /** The words before each agent's command. */
  readonly enter: readonly string[];
}

/** Starts an agent for each node of a cluster, as root, and kills them at the end of the scope. */
export function startAgents({ nodes, server, folder, interval, mungeSocket, enter }: AgentOptions) {
  const spoolOf = (node: string) => `${folder}/${node}`;
  const batchesOf = (node: string) =>
    readdirSync(spoolOf(node))
      .filter((name) => name.endsWith('.batch'))
      .map((name) => `${spoolOf(node)}/${name}`);
  /** A batch may be sent at any moment. */
  const ageMs = (path: string) =>
    Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  const agents = nodes.map((node) => {
    mkdirSync(spoolOf(node), { recursive: true });
    const args = ['--server', server, '--node', node, '--interval', interval, '--munge-socket', mungeSocket];
    const child = Bun.spawn(
      [...enter, EXECUTABLE, 'agent', ...args, '--agent-spool', spoolOf(node), '--spool', `${folder}/hooks`],
      { env: { PATH: process.env.PATH! }, stdout: 'ignore', stderr: 'pipe' },
    );
    let log = '';
    const reading = (async () => {
      for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) log += chunk;
    })();
    return { child, reading, log: () => log };
  });
  return {
    /** Returns the logs so far, of each node. */
    logs: () => agents.map(({ log }) => log()),
    /** Returns the age of the oldest batch that was not sent yet; 0 if there is none. */
    behindMs: () => Math.max(0, ...nodes.flatMap(batchesOf).map((path) => ageMs(path))),
    async [Symbol.asyncDispose]() {
      for (const { child } of agents) child.kill('SIGKILL');
      await Promise.all(agents.flatMap(({ child, reading }) => [child.exited, reading]));
    },
  };
}
