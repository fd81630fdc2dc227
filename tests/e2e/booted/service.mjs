import { Agent } from '../devices/agent.mjs';
import { until } from '../lib/wait.mjs';

/** What the package brings, in the order in which it starts. */
export const SOCKETS = ['claviger-agent.socket', 'claviger-agent-tasks.socket'];
export const SERVICES = ['claviger-agent-tasks.service', 'claviger-agent.service'];

/** The agent as systemd runs it. */
export class Service extends Agent {
  #machine;

  constructor(machine) {
    super(machine);
    this.#machine = machine;
  }

  /** Enrolling started it. */
  async start() {
    await until('the start of the agent', async () => {
      const { stdout } = await this.#machine.run('systemctl', ['is-active', ...SOCKETS, ...SERVICES]);
      return stdout.split('\n').filter((state) => state === 'active').length === 4;
    });
  }

  async stop() {
    await this.#machine.do('systemctl', ['stop', ...SERVICES]);
  }

  async restart() {
    await this.#machine.do('systemctl', ['restart', ...SERVICES]);
  }

  async kill(unit = SERVICES[1]) {
    await this.#machine.do('systemctl', ['kill', '--signal', 'KILL', unit]);
  }

  /** What this boot's journal has of both halves and of login programs. */
  journal() {
    return this.#machine.do('journalctl', ['--no-pager', '--boot', '--output', 'short']);
  }
}
