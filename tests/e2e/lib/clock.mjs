import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faketime } from './environment.mjs';

const SECONDS = { days: 86_400, hours: 3_600, minutes: 60, seconds: 1 };

const inSeconds = (span) => Object.entries(span).reduce((sum, [unit, count]) => sum + SECONDS[unit] * count, 0);

/** The server's clock: it runs on by itself, and a test moves it. */
export class Clock {
  #file;
  #offset;

  constructor(folder, start = {}) {
    this.#file = join(folder, 'clock');
    this.#set(inSeconds(start));
  }

  /** Seconds since 1970. */
  get now() {
    return Math.floor(Date.now() / 1000) + this.#offset;
  }

  /** Moves the clock on: `advance({ days: 8 })`. */
  advance(span) {
    this.#set(this.#offset + inSeconds(span));
  }

  /** What a process needs to live by this clock. */
  get environment() {
    return {
      LD_PRELOAD: faketime,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  #set(offset) {
    this.#offset = offset;
    // The server reads the file at every look at the clock, so it must never see half of it.
    writeFileSync(`${this.#file}.new`, `${offset < 0 ? '' : '+'}${offset}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
