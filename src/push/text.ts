import { isSample, linesIn } from './lines.ts';
import type { Body } from './receiver.ts';

/** Samples in one request; a receiver that is busy can refuse the next one. */
const MAX_SAMPLES = 20_000;

/** Cuts a snapshot into bodies in Prometheus' text format, with timestamps in milliseconds. */
export async function* textBodies(text: Uint8Array): AsyncGenerator<Body> {
  let [body, samples] = ['', 0];
  for await (const lines of linesIn(text)) {
    for (const line of lines) {
      body += `${line}\n`;
      if (isSample(line)) samples++;
    }
    if (samples < MAX_SAMPLES) continue;
    yield { text: body, samples };
    [body, samples] = ['', 0];
  }
  if (samples > 0) yield { text: body, samples };
}
