import { render } from 'preact';
import { pageAt } from './pages.tsx';
import { startKeys } from './parts/keys.ts';
import { place, startRouter } from './parts/router.ts';
import { Shell } from './parts/shell.tsx';
import { applyTheme } from './parts/theme.tsx';

applyTheme();
startKeys();
startRouter((path) => pageAt(path) !== undefined);

function App() {
  return <Shell>{pageAt(place.value.path) ?? <p>There is no such page.</p>}</Shell>;
}

render(<App />, document.getElementById('app')!);
