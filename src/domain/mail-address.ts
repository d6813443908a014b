/** Whether a text is one address, without a name and without anything that would end a header. */
export const isAddress = (text: string): boolean => /^[^\s@<>,;:"()[\]\\]{1,64}@[\w.-]{1,253}$/.test(text);

/**
 * Returns the address of a user: the name itself if it is one, else the name at the domain of the site. Where
 * none is set, the sendmail of this machine knows its users by their names. Undefined for a name that would
 * be more than one address.
 */
export function addressOf(name: string, domain: string | null): string | undefined {
  const address = name.includes('@') || domain === null ? name : `${name}@${domain}`;
  return isAddress(address) || /^[\w.][\w.-]{0,63}$/.test(address) ? address : undefined;
}
