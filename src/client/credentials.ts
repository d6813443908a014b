/** What a client shows so that the service knows its user. */
export interface Credentials {
  /** Returns the value of the Authorization header for the next request. */
  show(): Promise<string>;
  /**
   * Called with a value that the service refused. Returns whether the next one can be another, so that the
   * request is sent once more.
   */
  renew(refused: string): boolean;
}

/** Shows a token with each request. */
export const tokenCredentials = (token: string): Credentials => ({
  show: async () => `Bearer ${token}`,
  renew: () => false,
});
