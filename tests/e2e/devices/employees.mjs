import { setTimeout as pause } from 'node:timers/promises';
import { codeAt } from '../lib/otp.mjs';
import { enrollQuickly, registerQuickly } from '../lib/seed.mjs';

const STEP = 30;

/** Users of a scene who work on its device, and their authenticators. */
export class Employees {
  #scene;

  constructor(scene) {
    this.#scene = scene;
  }

  get #step() {
    return Math.floor(this.#scene.world.clock.now / STEP);
  }

  /** Makes a user with a password; `key` gives them an SSH key, whose file lies on the device. */
  async hire(username, { key = false, enrolled = false } = {}) {
    const { world, api } = this.#scene;
    const email = `${username}@acme.test`;
    const form = { username, email, first_name: username, last_name: 'Unger', activate: true, mfa: { enrollment_days: 7 } };
    const { id } = await api.do('POST', '/users', form);
    const person = await registerQuickly(world, { email, password: `${username} meadow whistle 17` });
    Object.assign(person, { id, username, used: 0 });
    if (key) await this.#giveKey(person);
    if (enrolled) await this.enroll(person);
    return person;
  }

  async enroll(person) {
    await enrollQuickly(person);
    person.used = this.#step;
  }

  async #giveKey(person) {
    const { machine, api } = this.#scene;
    person.key = `/run/keys/${person.username}`;
    const line = await machine.sh(`mkdir -p /run/keys; ssh-keygen -q -t ed25519 -N '' -C ${person.username} -f ${person.key}; cat ${person.key}.pub`);
    await api.do('POST', `/users/${person.id}/ssh-keys`, { key: line.trim() });
  }

  /** A code that was not used and is right now, on the server and on the device: if need be time goes on for both. */
  async code(person) {
    const missing = person.used + 1 - this.#step;
    if (missing > 0) {
      this.#scene.world.clock.advance({ seconds: missing * STEP });
      await this.#scene.catchUp();
    }
    return this.#take(person, this.#step);
  }

  /** Time goes on, on the server and on the device, until nobody's codes of now are used. */
  async letTimePass() {
    this.#scene.world.clock.advance({ seconds: 3 * STEP });
    await this.#scene.catchUp();
  }

  /** A code for a device that can't be told the time: at most a step ahead, or it is waited for. */
  async codeOffline(person) {
    while (person.used > this.#step) await pause(500);
    return this.#take(person, Math.max(person.used + 1, this.#step));
  }

  /** The same where many are needed: a step ahead before time goes on. */
  async codeOfMany(person) {
    const missing = person.used - this.#step;
    if (missing > 0) {
      this.#scene.world.clock.advance({ seconds: (missing + 1) * STEP });
      await this.#scene.catchUp();
    }
    return this.#take(person, Math.max(person.used + 1, this.#step));
  }

  /** What the authenticator shows so many seconds from now. */
  codeIn(person, seconds) {
    return this.#take(person, this.#step + Math.floor(seconds / STEP));
  }

  /** A code of a step that is over. */
  late(person) {
    return this.#noted(codeAt(person.secret, (this.#step - 4) * STEP));
  }

  #take(person, step) {
    person.used = step;
    return this.#noted(codeAt(person.secret, step * STEP));
  }

  #noted(code) {
    return this.#scene.world.secrets.add('code', code);
  }
}
