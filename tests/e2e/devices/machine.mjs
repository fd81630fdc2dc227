import { execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '../lib/wait.mjs';
import { rootfs } from './environment.mjs';

const sandbox = fileURLToPath(new URL('machine/sandbox', import.meta.url));
const tools = fileURLToPath(new URL('share', import.meta.url));
const PATIENCE = 60_000;
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', TERM: 'xterm', HOME: '/root', LANG: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive',
};

/** A number that no other machine on this host has: those with their plug pulled count, too. */
function freeNumber() {
  const all = readFileSync('/proc/net/dev', 'utf8').matchAll(/^\s*clv(\d+):/gm);
  const taken = new Set([...all].map(([, number]) => Number(number)));
  for (;;) {
    const number = randomInt(1, 251);
    if (!taken.has(number)) return number;
  }
}

/** A throw-away machine with a network of its own, on which only root acts. */
export class Machine {
  #process;
  #told;
  #interface;
  /** What makes it. */
  static maker = sandbox;
  share = mkdtempSync(join(tmpdir(), 'device-'));

  static async start() {
    const machine = new this();
    cpSync(tools, machine.share, { recursive: true });
    chmodSync(machine.share, 0o755);
    // Another test may have taken the number in between.
    for (let tries = 5; ; tries -= 1) {
      try {
        await machine.#make(freeNumber());
        break;
      } catch (error) {
        if (tries === 1) throw error;
      }
    }
    await until('the start of the machine', () => machine.isUp(), 60);
    return machine;
  }

  async #make(number) {
    this.#interface = `clv${number}`;
    this.#process = spawn(this.constructor.maker, [rootfs(), this.share, String(number)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface(this.#process.stdout);
    [this.#told] = await Promise.race([
      once(lines, 'line'),
      once(this.#process, 'exit').then(([code]) => { throw new Error(`the machine ended with ${code}`); }),
    ]);
  }

  /** The number of its first process on this host. */
  get first() {
    return this.#told;
  }

  async isUp() {
    return (await this.run('test', ['-e', '/run/up'])).code === 0;
  }

  /** Starts what a machine has running before anybody signs in. */
  async serve() {
    this.start('python3', ['/share/syslog.py']);
    await this.sh('ssh-keygen -A; until [ -S /dev/log ]; do sleep 0.05; done; /usr/sbin/sshd');
  }

  #inside(program, words) {
    return ['--target', this.first, '--mount', '--pid', '--net', '--uts', '--ipc', '--root', '--wd', '--', program, ...words];
  }

  /** Runs a program as root, with what it reads, and gives what came of it. */
  run(program, words = [], { input = '', timeout = PATIENCE, environment = {} } = {}) {
    return new Promise((resolve) => {
      const options = { env: { ...ENVIRONMENT, ...environment }, timeout, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 };
      const child = execFile('nsenter', this.#inside(program, words), options, (error, stdout, stderr) => {
        resolve({ code: error ? (error.code ?? `killed: ${error.signal}`) : 0, stdout, stderr });
      });
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    });
  }

  /** The same where only success will do; gives what was printed. */
  async do(program, words = [], options = {}) {
    const { code, stdout, stderr } = await this.run(program, words, options);
    if (code !== 0) throw new Error(`${program} ${words.join(' ')}: ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** A line of shell. */
  sh(line, options) {
    return this.do('sh', ['-euc', line], options);
  }

  /** Starts a program that stays. */
  start(program, words = [], environment = {}) {
    const started = spawn('nsenter', this.#inside(program, words), { env: { ...ENVIRONMENT, ...environment } });
    started.stderr.resume();
    return started;
  }

  /** Takes the network away, as by a pulled plug. */
  cut() {
    return this.#link('down');
  }

  restore() {
    return this.#link('up');
  }

  #link(state) {
    return new Promise((resolve, reject) => {
      execFile('ip', ['link', 'set', this.#interface, state], (error) => (error ? reject(error) : resolve()));
    });
  }

  async stop() {
    const ended = this.#process.exitCode === null ? once(this.#process, 'exit') : null;
    this.#process.stdin.end();
    await ended;
    rmSync(this.share, { recursive: true });
  }
}
