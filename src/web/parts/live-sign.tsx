import { useEffect } from 'preact/hooks';
import { announce } from './announcement.tsx';
import { type Connection, connection, isOutdated, togglePause } from './live.ts';
import { formatLocal } from './moment.tsx';

const SIGNS: Record<Connection['state'], string> = {
  off: '',
  connecting: '◌',
  live: '●',
  paused: '‖',
  lost: '✕',
};
const MEANS: Record<Connection['state'], string> = {
  off: '',
  connecting: 'The page connects to the service.',
  live: 'The page follows what changes. Press to hold it still (p).',
  paused: 'The page is held still. Press to follow what changes (p).',
  lost: 'The service does not tell what changes; the page asks by itself, and connects again when it can.',
};

/** Says by shape and word whether the page follows the service; pressing it holds the page still. */
export function LiveSign() {
  const now = connection.value;
  useEffect(() => {
    if (now.state === 'lost') announce('The connection is lost.');
  }, [now.state]);
  if (now.state === 'off') return <span class="live" />;
  if (isOutdated.value)
    return (
      <button type="button" class="live" onClick={() => location.reload()}>
        New version, reload
      </button>
    );
  return (
    <button type="button" class={`live live-${now.state}`} title={MEANS[now.state]} onClick={togglePause}>
      {/* Another element for each state: the width of one that changes would count as a movement. */}
      <span key={now.state}>
        <span aria-hidden="true">{SIGNS[now.state]}</span> {textOf(now)}
      </span>
    </button>
  );
}

const textOf = (now: Connection): string =>
  now.state === 'lost' ? `no connection since ${formatLocal(now.sinceMs).slice(11)}` : now.state;
