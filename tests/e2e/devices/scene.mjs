import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUpMailQuickly, setUpQuickly } from '../lib/seed.mjs';
import { until } from '../lib/wait.mjs';
import { World } from '../lib/world.mjs';
import { Agent } from './agent.mjs';
import { Authority } from './authority.mjs';
import { Employees } from './employees.mjs';
import { Logins } from './logins.mjs';
import { Machine } from './machine.mjs';

const NAMES = ['localhost', 'claviger.test'];

/** An organization with TOTP, a machine on its network, and what happens between the two. */
export class Scene {
  #folder = mkdtempSync(join(tmpdir(), 'devices-'));
  #touched = 0;
  #ends = [];
  #host;

  /** `kinds` are those of the machine, of the agent on it and of its logins; `host` is what the server is called there. */
  static async open(database, kinds = {}) {
    const scene = new Scene();
    try {
      await scene.#prepare(database, { machine: Machine, agent: Agent, logins: Logins, host: 'claviger.test', ...kinds });
      return scene;
    } catch (error) {
      await scene.close();
      throw error;
    }
  }

  async #prepare(database, kinds) {
    this.#host = kinds.host;
    this.authority = new Authority(this.#folder, 'acme');
    this.authority.trust();
    const certificate = this.authority.issue(...NAMES);
    [this.world, this.machine] = await Promise.all([World.open({ database, certificate }), kinds.machine.start()]);
    this.ada = await setUpQuickly(this.world);
    await setUpMailQuickly(this.ada, this.world.mailbox.port);
    this.api = await this.world.api(this.ada.email);
    await this.api.do('PUT', '/organization/mfa/totp', { enabled: true });
    this.employees = new Employees(this);
    this.logins = new kinds.logins(this.machine);
    this.agent = new kinds.agent(this.machine);
    await this.machine.serve();
  }

  /** The server as the device finds it. */
  get url() {
    return this.world.server.url.replace('localhost', this.#host);
  }

  async connectKey(uses = 1) {
    const { secret } = await this.api.do('POST', '/connect-keys', { name: 'e2e', uses, expires_in_days: 1 });
    return this.world.secrets.add('connect key', secret);
  }

  /** Installs, enrolls and starts the agent, and finds out what the server calls the device. */
  async enrollDevice() {
    await this.agent.install();
    const { code, stdout, stderr } = await this.agent.enroll(this.url, await this.connectKey(), this.authority);
    if (code !== 0) throw new Error(`enroll ended with ${code}:\n${stdout}${stderr}`);
    const { items } = await this.api.do('GET', '/devices');
    this.device = items[0].id;
    await this.agent.start();
  }

  about() {
    return this.api.do('GET', `/devices/${this.device}`);
  }

  async bind(person, sudo = 'none') {
    await this.api.do('PUT', `/devices/${this.device}/users/${person.id}`, { sudo });
    await this.accountIs(person, 'ready');
  }

  unbind(person) {
    return this.api.do('DELETE', `/devices/${this.device}/users/${person.id}`);
  }

  async bound(person) {
    const { items } = await this.api.do('GET', `/devices/${this.device}/users?limit=200`);
    return items.find((each) => each.id === person.id);
  }

  accountIs(person, state) {
    return until(`the account of ${person.username} being ${state}`, async () => (await this.bound(person))?.account === state, 30);
  }

  /** Waits until the device can check codes of an enrolled user by itself. */
  async synced(person) {
    await until(`codes of ${person.username} on the device`, async () => (await this.bound(person))?.offline_until, 60);
  }

  setMfa(body) {
    return this.api.do('PUT', `/devices/${this.device}/mfa`, body);
  }

  mfaIs(status) {
    return until(`MFA being ${status}`, async () => (await this.about()).mfa.status === status, 30);
  }

  /** Switches MFA, and waits until the device has told that it did so. */
  async putInForce(body) {
    const action = body.enabled ? 'device.mfa.in_force' : 'device.mfa.not_in_force';
    const before = (await this.events(action)).length;
    await this.setMfa(body);
    await until(action, async () => (await this.events(action)).length > before, 30);
  }

  change(body) {
    return this.api.do('PATCH', `/devices/${this.device}`, body);
  }

  /** Has the device hear of the server, and so of the server's time. */
  async catchUp() {
    this.#touched += 1;
    const before = await this.agent.revision();
    await this.api.do('PATCH', '/organization', { support_contact: `desk ${this.#touched}` });
    await until('the device hearing of the server', async () => (await this.agent.revision()) > before, 30);
  }

  /** The newest entries of the activity log of this kind, the newest first. */
  async events(action) {
    const { items } = await this.api.do('GET', `/events?action=${action}&limit=50`);
    return items;
  }

  /** Does something at the end, however it comes. */
  atEnd(action) {
    this.#ends.push(action);
  }

  /** What a failure looked like. */
  async evidence() {
    const last = (text, count) => text.trim().split('\n').slice(-count).join('\n');
    const journal = (await this.agent.journal().catch(() => 'no agent')).replace(/^.* (sshd\[|gpasswd\[|python3: pam_unix).*\n/gm, '');
    const stack = await this.machine.sh('grep -vh "^#" /etc/pam.d/common-auth /etc/pam.d/common-account; getent group claviger-mfa || true').catch(() => '');
    return [last(this.world.server.logs, 10), 'the agent:', last(journal, 40), 'PAM:', stack].join('\n');
  }

  async close() {
    this.logins?.stop();
    await Promise.all(this.#ends.map((end) => end()));
    await Promise.all([this.world?.close(), this.machine?.stop()]);
    rmSync(this.#folder, { recursive: true });
  }
}
