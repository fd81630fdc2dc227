import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const nonce = () => randomBytes(16).toString('base64url');
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

/** A device without a machine: it says by docs/devices-protocol.md what a test wants it to say. */
export class Device {
  #url;
  #key;
  #machine;
  id;

  static async enroll(url, connectKey, { hostname, system = 'Debian GNU/Linux 12 (bookworm)', platform = 'linux' }) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const device = new Device();
    device.#url = url;
    device.#key = privateKey;
    device.#machine = { hostname, platform, system, agent_version: '0.1.0' };
    const body = JSON.stringify({ connect_key: connectKey, public_key: publicKey.export({ format: 'jwk' }).x, nonce: nonce(), machine: device.#machine });
    const answer = await fetch(`${url}/agent/v1/enroll`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    if (answer.status !== 201) throw new Error(`enroll: ${answer.status} ${await answer.text()}`);
    device.id = (await answer.json()).device;
    return device;
  }

  async #ask(method, target, message) {
    const [body, own] = [message ? JSON.stringify(message) : '', nonce()];
    const signed = Buffer.concat([Buffer.from(`claviger agent request 1\n${this.id}\n${own}\n${method} ${target}\n`), sha256(body)]);
    const headers = {
      'content-type': 'application/json', 'claviger-device': this.id, 'claviger-nonce': own,
      'claviger-signature': sign(null, signed, this.#key).toString('base64url'),
    };
    const answer = await fetch(`${this.#url}${target}`, { method, headers, body: body || undefined });
    if (!answer.ok) throw new Error(`${method} ${target}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  }

  /** What it is to do. */
  async state() {
    const { state } = await this.#ask('GET', '/agent/v1/state?since=0');
    return JSON.parse(state);
  }

  /** Somebody's code at SSH, after a key of which this is the hash. */
  code(user, code, key) {
    const place = { service: 'sshd', from: '203.0.113.9' };
    return this.#ask('POST', '/agent/v1/code', { user, code, place, key: sha256(key).toString('base64url') });
  }

  /** Takes the state, and tells what came of it: `applied` as in the protocol, the accounts by username, events, policies and runs. */
  async report(applied, { clock, accounts = {}, events = [], detail = '', sshServer = 'present', policies = [], runs = [] }) {
    const { revision, users } = await this.state();
    const told = users.map(({ id, name, factor }) => ({
      user: id, state: accounts[name] ?? 'ready', offline_until: factor ? (clock.now + 30 * 86_400) * 1e6 : null,
    }));
    return this.#ask('POST', '/agent/v1/report', {
      machine: this.#machine, revision, applied, detail, ssh_server: sshServer, clock: clock.now * 1e6, accounts: told, events, policies, runs,
    });
  }
}
