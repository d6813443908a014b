import { CREATE_LINK, END_SESSION, REVOKE_SESSIONS, START_SESSION } from '../api/session.ts';
import { CREATE_TOKEN, LIST_TOKENS, type ListedToken, REVOKE_TOKEN, renderNewToken } from '../api/token.ts';
import { WHOAMI } from '../api/whoami.ts';
import type { NewToken } from '../domain/token.ts';
import { AskingClient } from './asking.ts';
import { toCreatedToken, toEnded, toLink, toSession, toTokens, toWhoami } from './readers.ts';
import type { CallOptions } from './transport.ts';

/** Asks who the caller is, and manages tokens and sessions. */
export class AccessClient extends AskingClient {
  /** Creates a token, and returns it with its secret, which no other request returns. */
  createToken(token: NewToken, call?: CallOptions) {
    return this.ask({ operation: CREATE_TOKEN, body: () => renderNewToken(token) }, toCreatedToken, call);
  }

  /** Returns all tokens, in order of name. */
  listTokens(call?: CallOptions): Promise<ListedToken[]> {
    return this.ask({ operation: LIST_TOKENS }, toTokens, call);
  }

  revokeToken(name: string, call?: CallOptions): Promise<void> {
    return this.delete(REVOKE_TOKEN, name, call);
  }

  /** Returns who sends the requests of this client, as the service sees it. */
  whoami(call?: CallOptions) {
    return this.ask({ operation: WHOAMI }, toWhoami, call);
  }

  /** Exchanges the proof of this request for a session. */
  startSession(call?: CallOptions) {
    return this.ask({ operation: START_SESSION }, toSession, call);
  }

  /** Ends the session that the requests of this client show. */
  async endSession(call: CallOptions = {}): Promise<void> {
    await this.transport.send({ operation: END_SESSION }, call, async () => {});
  }

  /** Ends all sessions of a user; returns how many there were. */
  revokeSessions(user: string, call?: CallOptions): Promise<number> {
    return this.ask({ operation: REVOKE_SESSIONS, query: () => ({ user }) }, toEnded, call);
  }

  /** Returns the URL that signs a browser in as the user of this client: once, within a minute. */
  createSignInLink(call?: CallOptions): Promise<string> {
    return this.ask({ operation: CREATE_LINK }, toLink, call);
  }
}
