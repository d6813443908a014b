import { computed, signal } from '@preact/signals';

const KEY = 'hpc-observe-theme';
const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const isTheme = (text: string | null): text is Theme => THEMES.some((theme) => theme === text);

function readTheme(): Theme {
  try {
    const saved = localStorage.getItem(KEY);
    return isTheme(saved) ? saved : 'system';
  } catch {
    // A browser may forbid it; the switch then lasts as long as the page.
    return 'system';
  }
}

/** What the reader chose. */
const theme = signal<Theme>(readTheme());

const darkSystem = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(darkSystem.matches);
darkSystem.addEventListener('change', ({ matches }) => {
  isSystemDark.value = matches;
});

/** Names the colours in use: canvases are drawn anew when it changes. */
export const look = computed(() => `${theme.value} ${isSystemDark.value}`);

/** Shows the pages as chosen. */
export function applyTheme(): void {
  if (theme.value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}

// Paper is light.
addEventListener('beforeprint', () => {
  document.documentElement.dataset.theme = 'light';
});
addEventListener('afterprint', applyTheme);

function choose(next: Theme): void {
  theme.value = next;
  applyTheme();
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // See readTheme.
  }
}

/** Switches between the system's colours, light and dark. */
export function ThemeSwitch() {
  return (
    <label class="theme">
      <span class="visually-hidden">Colours</span>
      <select value={theme.value} onChange={({ currentTarget: { value } }) => choose(value as Theme)}>
        {THEMES.map((name) => (
          <option key={name} value={name}>
            {name === 'system' ? 'auto' : name}
          </option>
        ))}
      </select>
    </label>
  );
}
