import type { ComponentChildren } from 'preact';
import type { WhoamiAnswer } from '../../api/whoami.ts';
import { getJson } from './request.ts';
import { useResource } from './resource.ts';
import { place } from './router.ts';
import { ThemeSwitch } from './theme.tsx';

const LINKS = [
  ['', 'Overview'],
  ['jobs', 'Jobs'],
  ['queue', 'Queue'],
  ['nodes', 'Nodes'],
  ['usage', 'Usage'],
  ['swagger', 'API'],
] as const;

/** The head of every page: where one can go, who is asking, and the colours. */
export function Shell({ children }: { children: ComponentChildren }) {
  const section = place.value.path.split('/')[0] ?? '';
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="head">
        <a class="brand" href=".">
          hpc-observe
        </a>
        <nav aria-label="Pages">
          {LINKS.map(([path, name]) => (
            <a
              key={path}
              href={path === '' ? '.' : path}
              aria-current={section === path ? 'page' : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
        <Reader />
        <ThemeSwitch />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

const SEES: Record<WhoamiAnswer['sees'], string> = {
  all: 'sees all jobs',
  own: 'sees own jobs',
  none: 'sees no jobs',
};

function Reader() {
  const { value } = useResource('whoami', (signal) => getJson<WhoamiAnswer>('v1/whoami', {}, signal));
  if (!value) return <span class="reader" />;
  return (
    <span class="reader soft" title={value.why}>
      {value.name ?? 'not signed in'} · {SEES[value.sees]}
    </span>
  );
}
