import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { until } from '../lib/wait.mjs';

const STATE = '/agent/v1/state';
const CODE = '/agent/v1/code';
const CONFIG = '/etc/claviger-agent/agent.toml';

/** Somebody between a device and its server, whose certificate is good: passes on, keeps what it saw, and lies. */
class Between {
  #server;
  #target;
  #seen = [];
  #lies = new Map();
  #held = [];
  /** How often it has lied. */
  lied = 0;

  static async open(target, certificate) {
    const between = new Between();
    between.#target = new URL(target);
    const tls = { key: readFileSync(certificate.key), cert: readFileSync(certificate.chain) };
    between.#server = https.createServer(tls, (request, response) => between.#take(request, response)).listen(0, '0.0.0.0');
    await once(between.#server, 'listening');
    return between;
  }

  get port() {
    return this.#server.address().port;
  }

  /** What the server answered to requests of this path. */
  answers(path) {
    return this.#seen.filter((answer) => answer.path === path);
  }

  /** From now on requests of this path are answered with what was answered before. */
  replay(path, answer) {
    this.#lies.set(path, answer);
  }

  /** From now on the server hears requests of this path, and its answers are kept back. */
  hold(path) {
    this.#lies.set(path, 'held');
  }

  honest() {
    this.#lies.clear();
    for (const give of this.#held.splice(0)) give();
  }

  async #take(request, response) {
    const body = Buffer.concat(await request.toArray());
    const [path] = request.url.split('?');
    const lie = this.#lies.get(path);
    if (lie && lie !== 'held') {
      this.lied += 1;
      this.#give(response, lie);
      return;
    }
    const { hostname, port } = this.#target;
    const options = { hostname, port, path: request.url, method: request.method, headers: request.headers, rejectUnauthorized: false };
    const passed = https.request(options, async (answer) => {
      const told = { path, status: answer.statusCode, headers: answer.headers, body: Buffer.concat(await answer.toArray()) };
      this.#seen.push(told);
      const give = () => this.#give(response, told);
      if (this.#lies.get(path) === 'held') this.#held.push(give);
      else give();
    });
    passed.on('error', () => response.destroy());
    passed.end(body);
  }

  #give(response, { status, headers, body }) {
    response.writeHead(status, headers);
    response.end(body);
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** What whoever controls the way between a device and its server can do: keep news away, and nothing else. */
export async function between(scene, step, people) {
  const { machine, logins, employees, api, world } = scene;
  const { carol } = people;
  const byKey = (...codes) => logins.pam({ user: 'carol', key: true, codes });
  const line = await Between.open(world.server.url, scene.authority.issue('claviger.test', 'localhost'));
  scene.atEnd(() => line.close());
  const { port } = new URL(scene.url);
  const lead = (from, to) => machine.sh(`sed -i 's/:${from}/:${to}/' ${CONFIG}; grep -q ':${to}' ${CONFIG}`);
  const count = (text) => text.split('the reply is not the server').length;
  let old;

  await step('an old signed state, from before MFA was on, is not believed when it is sent again', async () => {
    await lead(port, line.port);
    await scene.agent.restart();
    await scene.putInForce({ enabled: false });
    await until('the codes being gone from the device', async () => !(await scene.bound(carol)).offline_until);
    old = await until('the state without MFA', () => line.answers(STATE).findLast(({ status, body }) => status === 200 && /not_asked/.test(body)));
    await scene.putInForce({ enabled: true, ssh_first_factors: 'both' });
    await scene.synced(carol);
    line.replay(STATE, old);
    await scene.agent.restart();
    await until('a word in the journal', async () => /the reply is not the server's/.test(await scene.agent.journal()));
    const seen = await byKey();
    assert.notEqual(seen.result, 0, JSON.stringify(seen));
    assert.deepEqual(seen.prompts.slice(0, 1), ['Verification code: ']);
    assert.equal((await byKey(await employees.codeOffline(carol))).result, 0);
    await until('another try', () => line.lied >= 3);
    assert.notEqual((await byKey()).result, 0);
  });

  await step('an old yes to a code is no yes to another one', async () => {
    const yes = await until('the yes', () => line.answers(CODE).findLast(({ body }) => /accepted/.test(body)));
    line.replay(CODE, yes);
    const wrong = await byKey(carol.badCode());
    assert.notEqual(wrong.result, 0, JSON.stringify(wrong));
    line.honest();
    await scene.agent.restart();
    await scene.catchUp();
    assert.equal((await byKey(await employees.code(carol))).result, 0);
  });

  await step('an answer that comes after its second is one login, and the log knows it', async () => {
    const before = await scene.events('device.code.replayed_offline');
    const code = await employees.code(carol);
    line.hold(CODE);
    const seen = await byKey(code);
    assert.equal(seen.result, 0, JSON.stringify(seen));
    line.honest();
    const known = await until('the report', async () => (await scene.events('device.code.offline')).find(({ details }) => details.here === 'known'));
    assert.equal(known.outcome, 'success');
    assert.deepEqual(await scene.events('device.code.replayed_offline'), before);
    assert.notEqual((await byKey(code)).result, 0);
  });

  await step('a code that was used in the portal and then where the device could not ask is told as such', async () => {
    await employees.letTimePass();
    await machine.cut();
    const code = await employees.codeOffline(carol);
    const { result } = await api.do('POST', `/users/${carol.id}/mfa/verify`, { code });
    assert.equal(result, 'accepted');
    assert.equal((await byKey(code)).result, 0);
    await machine.restore();
    const [replayed] = await until('the report', async () => {
      const found = await scene.events('device.code.replayed_offline');
      return found.length > 0 && found;
    }, 90);
    assert.deepEqual([replayed.outcome, replayed.details.here, replayed.target_id], ['already_used', 'used', carol.id], JSON.stringify(replayed));
  });

  await step('without somebody in between everything is as before', async () => {
    assert.ok(count(await scene.agent.journal()) > 1);
    await lead(line.port, port);
    await scene.agent.restart();
    await scene.catchUp();
    assert.equal((await byKey(await employees.code(carol))).result, 0);
  });
}
