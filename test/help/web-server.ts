import { readFileSync, writeFileSync } from 'node:fs';
import { temporaryFolder } from './folder.ts';
import { freePorts } from './port.ts';

/** Returns the lines in a language that a page of the documentation shows, changed by some replacements. */
export function linesOf(page: string, language: string, changes: Readonly<Record<string, string>>): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readFileSync(page, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${page} has no ${language}.`);
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`The ${language} of ${page} does not have ${from}.`);
    return text.replaceAll(from, to);
  }, found);
}

/** Runs a web server in front of the service, as www-data, until the end of the scope. */
async function run(
  configuration: (file: (name: string) => string, port: number) => string,
  command: (file: string) => string[],
) {
  const folder = temporaryFolder();
  const [port] = await freePorts(1);
  Bun.spawnSync(['chmod', '755', folder.path]);
  const hash = Bun.spawnSync(['openssl', 'passwd', '-apr1', 'secret']).stdout.toString().trim();
  writeFileSync(folder.file('users'), `alice:${hash}\nroot:${hash}\n`);
  writeFileSync(folder.file('conf'), configuration(folder.file, port!));
  const child = Bun.spawn(command(folder.file('conf')), {
    cwd: folder.path,
    stdout: 'ignore',
    stderr: 'pipe',
  });
  const errors = new Response(child.stderr).text();
  const url = `http://127.0.0.1:${port}`;
  for (const endMs = Date.now() + 10_000; ; await Bun.sleep(50)) {
    if (await fetch(url).catch(() => undefined)) break;
    if (Date.now() > endMs || child.exitCode !== null) {
      child.kill();
      throw new Error(`The web server did not start: ${await errors}`);
    }
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await child.exited;
      folder[Symbol.dispose]();
    },
  };
}

/** Starts nginx with `locations`; `users` in them is the path of a file that has alice and root. */
export const startNginx = (locations: string) =>
  run(
    (file, port) => `
user www-data;
daemon off;
pid ${file('pid')};
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${file('body')};
  proxy_temp_path ${file('proxy')};
  fastcgi_temp_path ${file('fastcgi')};
  uwsgi_temp_path ${file('uwsgi')};
  scgi_temp_path ${file('scgi')};
  server {
    listen 127.0.0.1:${port};
${locations.replaceAll('USERS', file('users'))}
  }
}
`,
    (file) => ['nginx', '-c', file],
  );

const APACHE_MODULES = [
  ...['mpm_event', 'authn_core', 'authn_file', 'auth_basic', 'authz_core', 'authz_user', 'headers', 'proxy'],
  'proxy_http',
];

/** Starts Apache with `directives`; `USERS` in them is the path of a file that has alice and root. */
export const startApache = (directives: string) =>
  run(
    (file, port) => `
ServerRoot ${file('.')}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${file('pid')}
ErrorLog ${file('log')}
User www-data
Group www-data
${APACHE_MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${directives.replaceAll('USERS', file('users'))}
`,
    (file) => ['apache2', '-D', 'FOREGROUND', '-f', file],
  );
