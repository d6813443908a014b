// Where the database is: the path of a file, or the address of a PostgreSQL database.

/** Whether a location is the address of a PostgreSQL database. */
export const isPostgresAddress = (location: string): boolean => /^postgres(ql)?:/i.test(location);

/** Whether the address of a PostgreSQL database names one: a server, or the folder of its socket. */
export function isWholeAddress(address: string): boolean {
  const url = URL.parse(address);
  return (
    url !== null &&
    /^postgres(ql)?:\/\//i.test(address) &&
    (url.hostname !== '' || url.searchParams.has('host'))
  );
}

/** Whether a location has a password in it. */
export const hasPassword = (location: string): boolean =>
  isPostgresAddress(location) && withoutPassword(location) !== location;

/** Returns a location without its password, for messages. */
export function withoutPassword(location: string): string {
  if (!isPostgresAddress(location)) return location;
  const url = URL.parse(location);
  // What cannot be read may have the password anywhere.
  if (!url || !isWholeAddress(location)) return 'postgres://…';
  if (url.password === '' && !url.searchParams.has('password')) return location;
  url.password = '';
  url.searchParams.delete('password');
  return url.href;
}

/** Returns the address of a PostgreSQL database with a password, instead of the one that it may have. */
export function withPassword(address: string, password: string): string {
  const url = new URL(address);
  url.searchParams.delete('password');
  url.password = encodeURIComponent(password);
  return url.href;
}

/** Returns an address whose tables are in a schema of the database. */
export function withSchema(address: string, schema: string): string {
  const url = new URL(address);
  url.searchParams.set('search_path', schema);
  return url.href;
}
