/** Signs and checks what a link in a mail shows for a user who wants no more digests. */
export interface RefusalLinks {
  /** Returns a text of letters, digits, hyphens, underscores and one dot. */
  sign(user: string): string;
  /** Returns the user whom a text was signed for; undefined if it was not signed here. */
  read(text: string): string | undefined;
}
