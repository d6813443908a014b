import type { Round } from '../agent/round.ts';
import { METRICS_TYPE } from '../api/metrics.ts';
import { OperatorError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';
import { type AgentCounts, type AgentRound, renderAgent } from '../metrics/agent.ts';
import { describeListener, type TcpListener } from '../settings/listener.ts';

interface PageOptions {
  readonly listener: TcpListener;
  /** What the agent counts; left out if it sends nothing. */
  readonly counts?: () => AgentCounts;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The page of an agent, at /metrics of an address of its node. */
export interface AgentPage {
  /** Where it listens, as --agent-listen takes it. */
  readonly address: string;
  /** Shows a round of all jobs from now on; others are left out. */
  show(round: Round): void;
  stop(): Promise<void>;
}

/** However many ask, the page is rendered anew once in this time. */
const FRESH_MS = 1000;
/** Seconds after which a connection without a request is closed. */
const IDLE_SECONDS = 30;

/**
 * Serves the last round to anybody who reaches the address: GET /metrics, and nothing else. OperatorError if
 * the address cannot be listened on.
 */
export function serveAgentPage({ listener, counts, now }: PageOptions): AgentPage {
  let latest: AgentRound | undefined;
  let rendered: { readonly text: Promise<Uint8Array<ArrayBuffer>>; readonly ms: number } | undefined;

  function render(round: AgentRound): Promise<Uint8Array<ArrayBuffer>> {
    const nowMs = now();
    if (!rendered || Math.abs(nowMs - rendered.ms) >= FRESH_MS)
      rendered = { text: renderAgent(round, counts?.(), nowMs), ms: nowMs };
    return rendered.text;
  }

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (request.method !== 'GET' || pathname !== '/metrics')
      return new Response('The only page is GET /metrics.\n', { status: 404 });
    if (!latest) return new Response('The jobs of the node were not read yet.\n', { status: 503 });
    return new Response(await render(latest), { headers: { 'content-type': METRICS_TYPE } });
  }

  const server = listen(listener, answer);
  return {
    address: describeListener({ ...listener, port: server.port ?? listener.port }),
    show({ report, readings }) {
      if (!report) return;
      const jobs = readings.map(({ key, values, gpus }) => ({
        key,
        values,
        gpus: gpus.map(({ uuid, values: ofGpu }) => ({ gpu: uuid, values: ofGpu })),
      }));
      latest = { received: { report, receivedMs: report.timeMs }, jobs };
      rendered = undefined;
    },
    stop: () => server.stop(true),
  };
}

function listen(listener: TcpListener, fetch: (request: Request) => Promise<Response>) {
  try {
    return Bun.serve({
      hostname: listener.host,
      port: listener.port,
      reusePort: false,
      idleTimeout: IDLE_SECONDS,
      maxRequestBodySize: 1024,
      development: false,
      fetch,
    });
  } catch (cause) {
    const place = describeListener(listener);
    throw new OperatorError(`The agent cannot listen on ${place}: ${explainSystemError(cause)}.`, { cause });
  }
}
