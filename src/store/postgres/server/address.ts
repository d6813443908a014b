/** Whether a location is the address of a PostgreSQL database. */
export const isPostgresAddress = (location: string): boolean => /^postgres(ql)?:\/\//.test(location);

/** Returns an address without its password, for messages. */
export function withoutPassword(address: string): string {
  try {
    const url = new URL(address);
    if (url.password !== '') url.password = '***';
    return url.href;
  } catch {
    return 'the address of the database';
  }
}
