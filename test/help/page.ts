import { expect } from 'bun:test';
import { readFileSync } from 'node:fs';
import type { BrowserPage } from './browser.ts';

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

export type Page = BrowserPage;

/** Fails on scripts that ran, messages in the console, requests to others, and faults that axe finds. */
export async function expectWell(page: Page, url: string): Promise<void> {
  expect(await page.evaluate('window.hacked')).toBeUndefined();
  expect(page.complaints).toEqual([]);
  for (const requested of page.requested) expect(requested).toMatch(new RegExp(`^(${url}/|data:)`));
  const violations = await page.evaluate<string[]>(
    `((() => { ${AXE} })(), axe.run().then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes[0].html)))`,
  );
  expect(violations).toEqual([]);
}

/** Returns the visible text of an element. */
export const textOf = (page: Page, selector = 'main'): Promise<string> =>
  page.evaluate<string>(`document.querySelector('${selector}').innerText`);

/** Presses a key, as `j` or `Enter`. */
export async function press(page: Page, key: string): Promise<void> {
  const text = key.length === 1 ? { text: key } : key === 'Enter' ? { text: '\r' } : {};
  // The browser itself closes a dialog, and asks for the code.
  const code = key === 'Escape' ? { windowsVirtualKeyCode: 27 } : {};
  await page.call('Input.dispatchKeyEvent', { type: 'keyDown', key, ...text, ...code });
  await page.call('Input.dispatchKeyEvent', { type: 'keyUp', key, ...code });
}

/** Types text into what has the focus. */
export async function type(page: Page, text: string): Promise<void> {
  await page.call('Input.insertText', { text });
}
