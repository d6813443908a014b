import { MEDIA_TYPE } from '../api/media-type.ts';
import type { Operation } from '../api/operation.ts';
import { parseAnswer, type ReadAnswer } from './answer.ts';
import { ClientError } from './error.ts';
import { readLines } from './ndjson.ts';
import {
  type CallOptions,
  type ClientOptions,
  type Message,
  type Surroundings,
  Transport,
} from './transport.ts';

/** Sends messages and reads their answers, for the methods of a client. */
export class AskingClient {
  protected readonly transport: Transport;

  constructor(options: ClientOptions, surroundings?: Surroundings) {
    this.transport = new Transport(options, surroundings);
  }

  /** The URL of the service that is asked next: of several, the one that answered last. */
  get url(): string {
    return this.transport.url;
  }

  /** Deletes something. `not_found` on a retry is a success: the try before may have deleted it. */
  protected async delete(operation: Operation, subject: string, call: CallOptions = {}): Promise<void> {
    let tries = 0;
    const message = { operation, subject, onTry: () => void tries++ };
    try {
      await this.transport.send(message, call, async (response) => void (await response.arrayBuffer()));
    } catch (error) {
      if (tries === 1 || !(error instanceof ClientError) || error.code !== 'not_found') throw error;
    }
  }

  protected ask<Value>(message: Message, read: ReadAnswer<Value>, call: CallOptions = {}): Promise<Value> {
    return this.transport.send(message, call, async (response) =>
      read(parseAnswer(await this.transport.readText(response))),
    );
  }

  protected async *stream<Value>(
    message: Message,
    read: ReadAnswer<Value>,
    call: CallOptions = {},
  ): AsyncGenerator<Value> {
    for await (const row of readLines(this.transport.open({ ...message, accept: MEDIA_TYPE.ndjson }, call)))
      yield read(row);
  }
}
