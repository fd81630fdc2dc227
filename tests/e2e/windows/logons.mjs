import { createInterface } from 'node:readline';

const LOGON_UI = 'C:\\windows\\system32\\LogonUI.exe';

/** A LogonUI that takes attempts, many at a time. */
export class Logons {
  #machine;
  #program;
  #process = null;
  #waiting = new Map();
  #count = 0;

  constructor(machine, program = LOGON_UI) {
    this.#machine = machine;
    this.#program = program;
  }

  /** What came of an attempt: `{ in, entered, steps, allowed, offered, … }`, as agent/logonui tells it. */
  try(attempt) {
    this.#process ??= this.#start();
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve) => {
      const began = Date.now();
      this.#waiting.set(id, (told) => resolve({ ...told, seconds: (Date.now() - began) / 1000 }));
      this.#process.stdin.write(`${JSON.stringify({ id, ...attempt })}\n`);
    });
  }

  /** Somebody with name, password and codes. */
  enter(person, codes = [], more = {}) {
    return this.try({ user: person.username, password: person.password, codes, ...more });
  }

  #start() {
    const started = this.#machine.start(this.#program);
    started.stderr.resume();
    createInterface(started.stdout).on('line', (line) => {
      const told = JSON.parse(line);
      this.#waiting.get(told.id)?.(told);
      this.#waiting.delete(told.id);
    });
    started.on('exit', (code) => {
      this.#process = null;
      for (const resolve of this.#waiting.values()) resolve({ error: `LogonUI ended with ${code}` });
      this.#waiting.clear();
    });
    return started;
  }

  stop() {
    this.#process?.stdin.end();
    this.#process = null;
  }
}
