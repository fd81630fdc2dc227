import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Machine } from '../devices/machine.mjs';
import { until } from '../lib/wait.mjs';

function childOf(number) {
  try {
    return readFileSync(`/proc/${number}/task/${number}/children`, 'utf8').trim().split(' ').at(-1);
  } catch {
    return '';
  }
}

/** A throw-away machine that its own systemd boots, with sshd and the sessions of logind. */
export class Booted extends Machine {
  static maker = fileURLToPath(new URL('boot', import.meta.url));

  /** The child of systemd-nspawn: another one after each boot, and nothing in between. */
  get first() {
    return childOf(childOf(super.first));
  }

  async isUp() {
    const { stdout } = await this.run('systemctl', ['is-system-running']);
    return ['running', 'degraded'].includes(stdout.trim());
  }

  /** Its units do. */
  async serve() {
    await this.do('systemctl', ['start', 'ssh.service']);
  }

  async reboot() {
    const before = this.first;
    await this.run('systemctl', ['reboot']);
    try {
      await until('another boot', () => this.first && this.first !== before, 120);
    } catch (error) {
      throw new Error(`${error.message}; the console:\n${this.#console().slice(-2000)}`);
    }
    await until('the start of the machine', () => this.isUp(), 60);
  }

  /** What systemd knows of a unit. */
  async property(unit, name) {
    return (await this.do('systemctl', ['show', '--property', name, '--value', unit])).trim();
  }

  /** What it printed while it booted and went down. */
  #console() {
    return readFileSync(join(this.share, 'console'), 'utf8');
  }
}
