const FIRST_BYTES = 64 * 1024;
const DIGIT_0 = 48;
const POINT = 46;
const ZONE = 90;
const COLON = 58;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Numbers below this, with up to six decimals, are written digit by digit. */
const MAX_WHOLE = 2 ** 31;
const MAX_DECIMALS = 6;
const MILLION = 10 ** MAX_DECIMALS;

const encoder = new TextEncoder();

export const encodeText = (text: string): Uint8Array => encoder.encode(text);

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Collects text as UTF-8. Writing digits as bytes takes half the time of joining strings, and leaves no
 * garbage. Callers make room once a row (`ensure`), because checking it for every part would cost 10 %.
 */
export class TextWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #hour = Number.NaN;
  #before: Uint8Array = NOTHING;
  /** `#before` and the time of `#hour` without its minutes. */
  #hourText: Uint8Array = NOTHING;

  get length(): number {
    return this.#length;
  }

  /** Returns a copy of what was written, and empties the writer. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  /** Returns what was written, without a copy. The writer must not be used afterwards. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Removes the last bytes. */
  drop(count: number): void {
    this.#length -= count;
  }

  /** Makes room for `more` bytes; a number or a time takes at most 32. */
  ensure(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  put(text: Uint8Array): void {
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text[i]!;
    this.#length = at;
  }

  /** Writes a finite number as JSON.stringify does. */
  number(value: number): void {
    const whole = value >= 0 && value < MAX_WHOLE ? Math.trunc(value) | 0 : -1;
    const millionths = Math.round(value * MILLION);
    if (whole === value) this.#integer(whole);
    else if (whole >= 0 && millionths / MILLION === value) {
      this.#integer(whole);
      this.#decimals((millionths - whole * MILLION) | 0);
    } else this.#ascii(String(value));
  }

  /** Writes `before`, and milliseconds since 1970 as ISO 8601 in UTC (domain `formatTime`). */
  time(timeMs: number, before: Uint8Array = NOTHING): void {
    const hour = Math.floor(timeMs / HOUR_MS);
    if (hour !== this.#hour || before !== this.#before) this.#enterHour(hour, before);
    this.put(this.#hourText);
    const rest = (timeMs - hour * HOUR_MS) | 0;
    const minutes = (rest / MINUTE_MS) | 0;
    const seconds = ((rest / 1000) | 0) - minutes * 60;
    const milliseconds = rest % 1000;
    this.#twoDigits(minutes, COLON);
    this.#twoDigits(seconds, POINT);
    const hundreds = (milliseconds / 100) | 0;
    this.#bytes[this.#length++] = DIGIT_0 + hundreds;
    this.#twoDigits(milliseconds - hundreds * 100, ZONE);
  }

  #enterHour(hour: number, before: Uint8Array): void {
    this.#hour = hour;
    this.#before = before;
    const time = new Date(hour * HOUR_MS).toISOString().slice(0, -'00:00.000Z'.length);
    this.#hourText = Buffer.concat([before, encodeText(time)]);
  }

  #twoDigits(value: number, behind: number): void {
    const bytes = this.#bytes;
    const at = this.#length;
    const tens = (value / 10) | 0;
    bytes[at] = DIGIT_0 + tens;
    bytes[at + 1] = DIGIT_0 + value - tens * 10;
    bytes[at + 2] = behind;
    this.#length = at + 3;
  }

  #integer(value: number): void {
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    this.#digits(value, digits);
  }

  #decimals(millionths: number): void {
    this.#bytes[this.#length++] = POINT;
    let digits = MAX_DECIMALS;
    let rest = millionths;
    if (rest % 10_000 === 0) {
      rest = (rest / 10_000) | 0;
      digits = 2;
    }
    while (rest % 10 === 0) {
      rest = (rest / 10) | 0;
      digits--;
    }
    this.#digits(rest, digits);
  }

  #digits(value: number, digits: number): void {
    const bytes = this.#bytes;
    const start = this.#length;
    this.#length = start + digits;
    let rest = value;
    for (let at = start + digits - 1; at >= start; at--) {
      const tenth = (rest / 10) | 0;
      bytes[at] = DIGIT_0 + rest - tenth * 10;
      rest = tenth;
    }
  }

  #ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }
}
