import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lib/wait.mjs';
import { built } from './environment.mjs';

export const PROGRAM = '/Library/Claviger/claviger-agent';
export const FOLDER = '/Library/Claviger';
const BUNDLE = '/Library/Security/SecurityAgentPlugins/Claviger.bundle/Contents/MacOS';
// As launchd listens for it.
const SOCKET = 'stream=/var/run/claviger-login.sock:0666:root';

/** The agent on a Mac that is played: a supervised process stands in for launchd. */
export class MacAgent {
  #machine;
  /** What it keeps of the server's word. */
  state = `${FOLDER}/data/state`;

  constructor(machine) {
    this.#machine = machine;
  }

  async install() {
    for (const name of ['claviger-agent', 'libclaviger_authplugin.so']) copyFileSync(built(name), join(this.#machine.share, name));
    await this.#machine.sh(`install -d -m 755 ${FOLDER} ${BUNDLE}
install -m 755 /share/claviger-agent ${PROGRAM}
ln -sf ${PROGRAM} /usr/local/bin/claviger-agent`);
    await this.installPlugIn();
  }

  installPlugIn() {
    return this.#machine.sh(`install -m 755 /share/libclaviger_authplugin.so ${BUNDLE}/Claviger`);
  }

  removePlugIn() {
    return this.#machine.sh(`rm ${BUNDLE}/Claviger`);
  }

  /** Makes the device known; the key stands in no list of processes. */
  enroll(url, key, authority, ...more) {
    copyFileSync(authority.certificate, join(this.#machine.share, 'ca.pem'));
    return this.#machine.run('claviger-agent', ['enroll', '--server', url, '--key', '-', '--ca', '/share/ca.pem', ...more], { input: key });
  }

  async start() {
    this.#machine.start('python3', ['/share/supervise.py', 'agent', SOCKET, '--', PROGRAM, 'run']);
    await until('the start of the agent', async () => (await this.#machine.run('test', ['-s', '/run/agent.child'])).code === 0);
  }

  /** Takes it away without a word; launchd starts it again at once. */
  async kill() {
    await this.#machine.sh('kill -KILL "$(cat /run/agent.child)"');
  }

  /** Takes it away for good, and its socket with it. */
  async stop() {
    await this.#machine.sh('kill "$(cat /run/agent.pid)"; rm -f /run/agent.pid /run/agent.child /var/run/claviger-login.sock');
  }

  async restart() {
    await this.stop();
    await this.start();
  }

  /** Counts the changes that the device has applied. */
  async revision() {
    const { outcome } = JSON.parse(await this.#machine.sh(`cat ${FOLDER}/standing.json 2>/dev/null || echo '{}'`));
    return outcome?.Ok?.revision ?? 0;
  }

  async journal() {
    return this.#machine.sh('cat /Library/Logs/claviger-agent.log /run/agent.log 2>/dev/null || true');
  }
}
