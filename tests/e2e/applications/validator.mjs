import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A program that answers each line with a line, in their order. */
export class Validator {
  #process;
  #waiting = [];

  constructor(name, file, words) {
    this.name = name;
    this.#process = spawn(file, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#waiting.shift()?.resolve(JSON.parse(line)));
    this.#process.on('exit', (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${name} ended with ${code}`));
    });
  }

  /** What the library says of it. */
  judge(one) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#process.stdin.write(`${JSON.stringify(one)}\n`);
    });
  }

  close() {
    this.#process.stdin.end();
  }
}
