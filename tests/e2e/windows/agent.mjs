import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lib/wait.mjs';
import { msi } from './environment.mjs';
import { Windows } from './machine.mjs';

export const PROGRAM = 'C:\\Program Files\\Claviger\\claviger-agent.exe';
const SERVICE = 'claviger-agent';
const FOLDER = ['ProgramData', 'Claviger'];

/** The agent on Windows, as its MSI installs it. */
export class WindowsAgent {
  #machine;
  #console = null;
  #printed = '';

  constructor(machine) {
    this.#machine = machine;
  }

  async install() {
    // What a run that was broken off left would be taken for this one.
    await this.remove().catch(() => {});
    await this.#msi('/i');
    assert.equal(await this.state(), 'RUNNING');
  }

  async remove() {
    await this.#msi('/x');
  }

  async #msi(verb) {
    const { code, stdout, stderr } = await this.#machine.run('msiexec', [verb, Windows.there(msi), '/qn']);
    assert.equal(code, 0, stdout + stderr);
  }

  /** Makes the device known; the key stands in no list of processes. */
  enroll(url, key, authority, ...more) {
    const certificate = join(this.#machine.share, 'ca.pem');
    copyFileSync(authority.certificate, certificate);
    return this.#machine.run(PROGRAM, ['enroll', '--server', url, '--key', '-', '--ca', Windows.there(certificate), ...more], { input: key });
  }

  /** How the service stands; nothing if there is none. */
  async state() {
    const { stdout } = await this.#machine.run('sc', ['query', SERVICE]);
    return stdout.match(/STATE\s*:\s*\d+\s+(\w+)/)?.[1] ?? null;
  }

  async start() {
    if ((await this.state()) !== 'RUNNING') await this.#machine.do('sc', ['start', SERVICE]);
    await until('the service', async () => (await this.state()) === 'RUNNING');
  }

  async stop() {
    await this.#machine.do('sc', ['stop', SERVICE]);
    await until('the end of the service', async () => (await this.state()) === 'STOPPED');
  }

  /** The same work in a process of ours, started again whenever it ends: wine's own manager has no eye for that. */
  supervise() {
    const started = this.#machine.start(PROGRAM, ['run', '--console']);
    this.#console = started;
    const note = (text) => { this.#printed += text; };
    started.stderr.setEncoding('utf8').on('data', note);
    started.stdout.setEncoding('utf8').on('data', note);
    started.on('exit', () => { if (this.#console === started) this.supervise(); });
  }

  /** Takes it away without a word. */
  kill() {
    this.#console.kill('SIGKILL');
  }

  stopSupervising() {
    const last = this.#console;
    this.#console = null;
    last?.kill('SIGKILL');
  }

  file(name) {
    return this.#machine.at(...FOLDER, name);
  }

  status() {
    return this.#machine.run(PROGRAM, ['status', '--json']);
  }

  /** Counts the changes that the device has applied. */
  async revision() {
    const text = this.#machine.read(...FOLDER, 'standing.json');
    return (text ? JSON.parse(text) : {}).outcome?.Ok?.revision ?? 0;
  }

  async journal() {
    return `${this.#machine.read(...FOLDER, 'agent.old.log')}${this.#machine.read(...FOLDER, 'agent.log')}${this.#printed}`;
  }
}
