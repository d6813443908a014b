import { existsSync, readFileSync } from 'node:fs';
import { temporaryFolder } from './folder.ts';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

/**
 * Starts a headless Chromium with an empty profile that can reach only 127.0.0.1,
 * also by `names` of hosts. Killed at the end of the scope.
 */
export async function startBrowser({ names = [] }: { readonly names?: readonly string[] } = {}) {
  const profile = temporaryFolder();
  const rules = [...names.map((name) => `MAP ${name} 127.0.0.1`), 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1'];
  const child = Bun.spawn(
    [
      'chromium',
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=${rules.join(' , ')}`,
      '--remote-debugging-port=0',
      `--user-data-dir=${profile.path}`,
      'about:blank',
    ],
    { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' },
  );
  const port = await debuggingPort(profile.file('DevToolsActivePort'));
  return {
    /** Opens a page and waits until it has loaded and the network has been quiet for half a second. */
    async open(url: string, { width = 1400, height = 1000, scheme = 'light' }: OpenOptions = {}) {
      const target = await fetch(`http://127.0.0.1:${port}/json/new?about:blank`, { method: 'PUT' });
      const { webSocketDebuggerUrl } = (await target.json()) as { webSocketDebuggerUrl: string };
      const page = await connectPage(webSocketDebuggerUrl);
      await page.call('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: false,
      });
      await page.call('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      });
      await page.call('Page.navigate', { url });
      await page.quiet();
      return page;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
      profile[Symbol.dispose]();
    },
  };
}

async function debuggingPort(file: string): Promise<number> {
  for (const endMs = Date.now() + 30_000; Date.now() < endMs; await Bun.sleep(50)) {
    const port = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0;
    if (port > 0) return port;
  }
  throw new Error('Chromium did not start within 30 seconds.');
}

/** A page that is open in a browser. */
export type BrowserPage = Awaited<ReturnType<typeof connectPage>>;

/** Connects to one page by the DevTools protocol, and records its requests and errors. */
async function connectPage(webSocketUrl: string) {
  const socket = new WebSocket(webSocketUrl);
  const waiting = new Map<number, (message: Message) => void>();
  const requested: string[] = [];
  const complaints: string[] = [];
  let isLoaded = false;
  let changedMs = Date.now();
  let lastId = 0;

  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    else record(message);
  };
  function record({ method, params }: Message): void {
    if (method?.startsWith('Network.')) changedMs = Date.now();
    if (method === 'Page.loadEventFired') isLoaded = true;
    if (method === 'Network.requestWillBeSent')
      requested.push((params as { request: { url: string } }).request.url);
    if (method === 'Network.loadingFailed') {
      const { errorText, canceled } = params as { errorText: string; canceled?: boolean };
      // The page itself gave it up, such as its stream of changes.
      if (!canceled) complaints.push(errorText);
    }
    if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params));
    if (method === 'Log.entryAdded') complaints.push((params as { entry: { text: string } }).entry.text);
  }
  async function call<Result>(method: string, params: object = {}): Promise<Result> {
    const id = ++lastId;
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result as Result;
  }

  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error('Chromium does not answer.'));
  });
  for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await call(`${domain}.enable`);

  /** Evaluates an expression in the page and returns its value. */
  async function evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await call<{ result: { value: Value }; exceptionDetails?: object }>(
      'Runtime.evaluate',
      { expression, returnByValue: true, awaitPromise: true },
    );
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return result.value;
  }

  return {
    call,
    /** Every URL that the page requested, successfully or not. */
    requested,
    /** Failed loads, exceptions and messages in the console. */
    complaints,
    async quiet(): Promise<void> {
      for (const endMs = Date.now() + 20_000; Date.now() < endMs; await Bun.sleep(100)) {
        if (isLoaded && Date.now() - changedMs > 500) return;
      }
      throw new Error('The page did not become quiet within 20 seconds.');
    },
    evaluate,
    /** Waits until an expression in the page is true. */
    async until(expression: string, mostMs = 30_000): Promise<void> {
      for (const endMs = Date.now() + mostMs; Date.now() < endMs; await Bun.sleep(50)) {
        if (await evaluate<boolean>(`Boolean(${expression})`)) return;
      }
      throw new Error(`Not true within ${mostMs / 1000} seconds: ${expression}`);
    },
    /**
     * Measures an element as it is displayed: the contrast between its lightest and darkest pixel (1 to 21,
     * WCAG 2.2), and the median luminance of its pixels (0 to 1).
     */
    async measure(selector: string): Promise<{ contrast: number; luminance: number }> {
      const clip = await evaluate<object>(
        `(({ x, y, width, height }) => ({ x, y, width, height, scale: 1 }))(document.querySelector('${selector}').getBoundingClientRect())`,
      );
      const { data } = await call<{ data: string }>('Page.captureScreenshot', { clip });
      return evaluate(`(${measurePixels})('${data}')`);
    },
    /** Returns a screenshot as PNG: of the whole page, or of what is seen of it. */
    async screenshot({ isWhole = true } = {}): Promise<Uint8Array> {
      const { data } = await call<{ data: string }>('Page.captureScreenshot', {
        captureBeyondViewport: isWhole,
      });
      return Buffer.from(data, 'base64');
    },
    async close(): Promise<void> {
      await call('Page.close');
      socket.close();
    },
  };
}

/** Source of a function that runs in the page, because the browser can decode a PNG. */
const measurePixels = `async (png) => {
  const blob = await (await fetch('data:image/png;base64,' + png)).blob();
  const image = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.width, image.height);
  const linear = (value) => (value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminances = [];
  for (let at = 0; at < data.length; at += 4) {
    luminances.push(0.2126 * linear(data[at]) + 0.7152 * linear(data[at + 1]) + 0.0722 * linear(data[at + 2]));
  }
  luminances.sort((a, b) => a - b);
  return {
    contrast: (luminances.at(-1) + 0.05) / (luminances[0] + 0.05),
    luminance: luminances[Math.floor(luminances.length / 2)],
  };
}`;
