import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { WhoamiAnswer } from '../../api/whoami.ts';
import { Announcements, announce } from './announcement.tsx';
import { copyText } from './copy.ts';
import { useKeys } from './keys.ts';
import { KeysDialog } from './keys-dialog.tsx';
import { startLive, togglePause } from './live.ts';
import { LiveSign } from './live-sign.tsx';
import { getJson } from './request.ts';
import { useResource } from './resource.ts';
import { addressOf, go, place } from './router.ts';
import { ThemeSwitch } from './theme.tsx';

/** The pages of the head, and the key that goes there after `g`. */
const LINKS = [
  ['', 'Overview', 'o'],
  ['jobs', 'Jobs', 'j'],
  ['queue', 'Queue', 'q'],
  ['nodes', 'Nodes', 'n'],
  ['usage', 'Usage', 'u'],
  ['efficiency', 'Efficiency', 'e'],
] as const;

const copyAddress = async () =>
  announce((await copyText(location.href)) ? 'Address copied' : 'The browser does not allow to copy.', {
    isShown: true,
  });

/** The head of every page: where one can go, who is asking, and the colours. */
export function Shell({ children }: { children: ComponentChildren }) {
  const { path: current } = place.value;
  const section = current.split('/')[0] ?? '';
  const main = useRef<HTMLElement>(null);
  const { value: who } = useResource('whoami', (signal) => getJson<WhoamiAnswer>('v1/whoami', {}, signal));
  useNavigation(current, main);
  useKeys('All pages', [
    ...LINKS.map(([path, name, key]) => ({
      keys: [`g ${key}`],
      does: `goes to ${name}`,
      press: () => go(addressOf(path)),
    })),
    { keys: ['y'], does: 'copies the address of what is shown', press: copyAddress },
    { keys: ['p'], does: 'holds the page still, and lets it go on', press: togglePause },
  ]);
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
          {who?.peers && (
            <a href="clusters" aria-current={section === 'clusters' ? 'page' : undefined}>
              Clusters
            </a>
          )}
          <a href="swagger">API</a>
        </nav>
        <Reader who={who} />
        <LiveSign />
        <KeysDialog />
        <ThemeSwitch />
      </header>
      <main id="main" tabIndex={-1} ref={main}>
        {children}
      </main>
      <Announcements />
    </>
  );
}

/** Leads readers of screens and keyboards to a page that they went to, and says its title. */
function useNavigation(path: string, main: { readonly current: HTMLElement | null }): void {
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    main.current?.focus({ preventScroll: true });
    // The page has its title by then.
    requestAnimationFrame(() => announce(document.title));
  }, [path]);
}

const SEES: Record<WhoamiAnswer['sees'], string> = {
  all: 'sees all jobs',
  own: 'sees own jobs',
  none: 'sees no jobs',
};

function Reader({ who: value }: { who: WhoamiAnswer | undefined }) {
  const sees = value?.sees ?? 'none';
  useEffect(() => {
    if (sees !== 'none') startLive();
  }, [sees]);
  if (!value) return <span class="reader" />;
  return (
    <span class="reader soft" title={value.why}>
      {value.name ?? 'not signed in'} · {SEES[value.sees]}
    </span>
  );
}
