import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { built } from './environment.mjs';

/** A login window that takes attempts, one after the other. */
export class LoginWindow {
  #machine;
  #process = null;
  #waiting = [];

  constructor(machine) {
    this.#machine = machine;
    copyFileSync(built('claviger-loginwindow'), join(machine.share, 'loginwindow'));
  }

  /** What came of an attempt: `{ in, ended_at, pages, rested }`, as agent/loginwindow tells it. */
  try(attempt) {
    this.#process ??= this.#start();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#process.stdin.write(`${JSON.stringify(attempt)}\n`);
    });
  }

  /** Somebody with name, password and codes. */
  enter(person, codes = [], more = {}) {
    return this.try({ user: person.username, password: person.password, codes, ...more });
  }

  #start() {
    const started = this.#machine.start('/share/loginwindow');
    createInterface(started.stdout).on('line', (line) => this.#waiting.shift()?.(JSON.parse(line)));
    started.on('exit', (code) => {
      this.#process = null;
      for (const resolve of this.#waiting.splice(0)) resolve({ error: `the login window ended with ${code}`, pages: [] });
    });
    return started;
  }

  stop() {
    this.#process?.stdin.end();
    this.#process = null;
  }
}
