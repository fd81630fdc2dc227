import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from '../lib/wait.mjs';

const PATIENCE = 10_000;

/** A program in the foreground, with what it says. */
export class Program {
  #process;
  said = '';

  constructor(file, words, environment = {}) {
    this.name = `${file} ${words.join(' ')}`;
    this.#process = spawn(file, words, { env: { PATH: process.env.PATH, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => { this.said += text; });
    }
    this.#process.on('error', (error) => { this.said += error.message; });
  }

  get #hasEnded() {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Waits until `attempt` answers with something; fails at once if the program ends. */
  async until(what, attempt) {
    await until(what, () => this.#hasEnded || attempt());
    if (this.#hasEnded) throw new Error(`${this.name} ended with ${this.#process.exitCode}:\n${this.said}`);
  }

  async stop() {
    if (this.#hasEnded) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const late = setTimeout(() => this.#process.kill('SIGKILL'), PATIENCE);
    await ended;
    clearTimeout(late);
  }
}
