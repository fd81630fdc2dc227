import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { binary } from './environment.mjs';
import { freePort } from './port.mjs';
import { until } from './wait.mjs';

/** A claviger process with a place of its own for its data. */
export class Server {
  #environment;
  #process = null;
  output = '';
  logs = '';

  constructor(url, environment) {
    this.url = url;
    this.#environment = { PATH: process.env.PATH, ...environment };
  }

  /** With a certificate it is there for the whole network, without one for this host. */
  static async at(folder, databaseUrl, clock, extra = {}, certificate = null) {
    const port = await freePort();
    const url = `${certificate ? 'https' : 'http'}://localhost:${port}`;
    const own = {
      CLAVIGER_DATA_DIR: folder,
      CLAVIGER_LISTEN: `${certificate ? '0.0.0.0' : '127.0.0.1'}:${port}`,
      CLAVIGER_PUBLIC_URL: url,
      ...(certificate && { CLAVIGER_TLS_CERTIFICATE: certificate.chain, CLAVIGER_TLS_KEY: certificate.key }),
      CLAVIGER_DATABASE_URL: databaseUrl,
      CLAVIGER_LOG_FORMAT: 'json',
    };
    return new Server(url, { ...own, ...clock.environment, ...extra });
  }

  async start() {
    const started = spawn(binary, ['serve'], { env: this.#environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = started;
    started.stdout.setEncoding('utf8').on('data', (text) => { this.output += text; });
    started.stderr.setEncoding('utf8').on('data', (text) => { this.logs += text; });
    await until('the start of the server', async () => {
      if (started.exitCode !== null) return true;
      return (await fetch(`${this.url}/readyz`)).ok;
    });
    if (started.exitCode !== null) {
      throw new Error(`the server ended with ${started.exitCode}:\n${this.output}\n${this.logs}`);
    }
  }

  /** Asks it to stop and gives its exit code. */
  stop() {
    return this.#end('SIGTERM');
  }

  /** Takes it away without a word. */
  kill() {
    return this.#end('SIGKILL');
  }

  async restart() {
    const code = await this.stop();
    await this.start();
    return code;
  }

  /** Runs another command of claviger on the same host and gives what it prints. */
  async command(...words) {
    const { stdout } = await promisify(execFile)(binary, words, { env: this.#environment });
    return stdout.trim();
  }

  get setupLink() {
    return this.output.match(/^Setup link: (\S+)$/m)?.[1];
  }

  async #end(signal) {
    const ending = this.#process;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return ending?.exitCode;
    const ended = once(ending, 'exit');
    ending.kill(signal);
    const late = setTimeout(() => ending.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(late);
    return ending.exitCode;
  }
}
