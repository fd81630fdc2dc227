import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lib/wait.mjs';
import { agentPackage } from './environment.mjs';

const LOGIN = 'packets=/run/claviger-agent/login.sock:0666:root';
const TASKS = 'stream=/run/claviger-agent/tasks.sock:0660:claviger';

const KEY = '/run/claviger-agent-key';
const STANDING = '/run/claviger-agent/sync/standing.json';
// What the units have systemd make: folders, and the key as a credential.
const PLACES = `mkdir -p /run/claviger-agent
install -d -o claviger -g claviger -m 755 /run/claviger-agent/sync
install -d -o claviger -g claviger -m 700 /var/lib/claviger-agent
install -d -m 700 /var/lib/claviger-agent-tasks
install -o claviger -m 400 /etc/claviger-agent/key ${KEY}`;

/** The agent on a machine, as its package installs it; two supervised processes stand in for systemd's units. */
export class Agent {
  #machine;
  #running = [];
  /** What it keeps of the server's word. */
  state = '/var/lib/claviger-agent/state';

  constructor(machine) {
    this.#machine = machine;
  }

  async install() {
    copyFileSync(agentPackage(), join(this.#machine.share, 'agent.deb'));
    await this.#machine.do('dpkg', ['--install', '/share/agent.deb']);
  }

  /** Makes the device known to a server whose certificate `authority` vouches for. */
  enroll(url, key, authority) {
    copyFileSync(authority.certificate, join(this.#machine.share, 'ca.pem'));
    return this.#machine.run('claviger-agent', ['enroll', '--server', url, '--key', key, '--ca', '/share/ca.pem']);
  }

  /** Starts both halves; `environment` is what they live with. */
  async start(environment = {}) {
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    await this.#machine.sh(PLACES);
    this.#supervise('tasks', [TASKS, ...variables], ['claviger-agent', 'tasks']);
    await this.#isUp('tasks');
    this.#supervise('agent', [LOGIN, 'user=claviger', ...variables], ['claviger-agent', 'run', '--key-file', KEY, '--standing', STANDING]);
    await this.#isUp('agent');
  }

  #isUp(name) {
    return until(`the start of ${name}`, async () => (await this.#machine.run('test', ['-s', `/run/${name}.child`])).code === 0);
  }

  #supervise(name, settings, program) {
    this.#running.push(this.#machine.start('python3', ['/share/supervise.py', name, ...settings, '--', ...program]));
  }

  /** Takes the half that logins ask away, without a word; it is started again at once. */
  async kill() {
    await this.#machine.sh('kill -KILL "$(cat /run/agent.child)"');
  }

  async stop() {
    await this.#machine.sh('for name in agent tasks; do kill "$(cat /run/$name.pid)" || true; rm -f /run/$name.pid /run/$name.child; done');
    this.#running = [];
  }

  async restart(environment) {
    await this.stop();
    await this.start(environment);
  }

  /** Counts the changes that the device has applied. */
  async revision() {
    const { outcome } = JSON.parse(await this.#machine.sh(`cat ${STANDING} 2>/dev/null || echo '{}'`));
    return outcome?.Ok?.revision ?? 0;
  }

  /** What both halves and the login programs told the journal. */
  async journal() {
    return this.#machine.sh('cat /run/agent.log /run/tasks.log /run/syslog 2>/dev/null || true');
  }
}
