import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { openScene, newUser } from '../bad_input/scene.mjs';
import { codeAt } from '../lib/otp.mjs';

const LONGEST = 300;
const KEY = /data-copy="([A-Z2-7]{32})"/;

/** People at work while the server is taken away, and what must hold afterwards. */
export class Crash {
  told = 0;
  inDoubt = 0;
  enrolled = 0;

  static async prepare(world) {
    const crash = new Crash();
    crash.world = world;
    crash.api = (await openScene(world)).api;
    const scene = { world, api: crash.api };
    crash.newcomers = [await newUser(scene, { enrollment_days: 30 }), await newUser(scene, { enrollment_days: 30 })];
    crash.regulars = [];
    for (let n = 0; n < 3; n += 1) {
      const person = await newUser(scene, { enrollment_days: 30 });
      await crash.#enroll(person, []);
      crash.regulars.push(person);
    }
    return crash;
  }

  get summary() {
    return `${this.told} answers told, ${this.inDoubt} cut off, ${this.enrolled} enrollments told`;
  }

  async happens(number) {
    this.world.clock.advance({ seconds: 61 });
    const tries = [];
    const work = [
      ...this.newcomers.map((person) => this.#enroll(person, tries)),
      this.#signIn(this.regulars[0], tries),
      ...this.regulars.slice(1).map((person) => this.#verify(person, this.#code(person), tries)),
    ];
    const ended = Promise.allSettled(work);
    await pause(Math.random() * LONGEST);
    await this.world.server.kill();
    await ended;
    await this.world.server.start();
    for (const attempt of tries) await this.#holds(attempt, number);
    for (const person of this.newcomers) await this.#forget(person);
  }

  #code(person) {
    return codeAt(person.key, this.world.clock.now);
  }

  /** Sends something that uses a code up, and notes whether the answer came. */
  async #using(person, code, tries, send, isAccepted) {
    const attempt = { person, code, told: null };
    tries.push(attempt);
    try {
      attempt.told = isAccepted(await send()) ? 'accepted' : 'refused';
      this.told += 1;
    } catch {
      this.inDoubt += 1;
    }
    return attempt;
  }

  async #enroll(person, tries) {
    const { visitor } = person;
    await visitor.post('/sign-in', { identifier: person.email, password: person.password });
    await visitor.post('/enroll/start', { path: 'app' });
    const shown = (await visitor.get('/enroll/scan')).html.match(KEY);
    if (!shown) return;
    person.key = shown[1];
    const code = this.#code(person);
    const attempt = await this.#using(person, code, tries, () => visitor.post('/enroll/code', { code }), ({ status }) => status === 200);
    if (attempt.told === 'accepted') {
      attempt.enrolled = true;
      this.enrolled += 1;
    }
  }

  async #signIn(person, tries) {
    const { visitor } = person;
    await visitor.post('/sign-in', { identifier: person.email, password: person.password });
    const code = this.#code(person);
    await this.#using(person, code, tries, () => visitor.post('/sign-in/code', { code }), ({ location }) => location === '/');
  }

  async #verify(person, code, tries) {
    const send = () => this.api.call('POST', `/users/${person.id}/mfa/verify`, { code });
    return this.#using(person, code, tries, send, ({ body }) => body.result === 'accepted');
  }

  /** What was told is still so, and a code that counted counts no second time. */
  async #holds({ person, code, told, enrolled }, number) {
    if (enrolled) {
      const mfa = await this.api.do('GET', `/users/${person.id}/mfa`);
      assert.ok(mfa.enrolled, `kill ${number}: an enrollment that was told is lost`);
    }
    const again = await this.api.do('POST', `/users/${person.id}/mfa/verify`, { code });
    const allowed = told === 'accepted' ? ['already_used'] : ['already_used', 'accepted', 'not_enrolled', 'wrong'];
    assert.ok(allowed.includes(again.result), `kill ${number}: a code that was ${told ?? 'cut off'} is ${again.result} now`);
    const third = await this.api.do('POST', `/users/${person.id}/mfa/verify`, { code });
    assert.notEqual(third.result, 'accepted', `kill ${number}: a code counts again`);
  }

  /** Newcomers come anew each time. */
  async #forget(person) {
    const { enrolled } = await this.api.do('GET', `/users/${person.id}/mfa`);
    if (enrolled) await this.api.do('POST', `/users/${person.id}/mfa/reset`, { enrollment_days: 30, reason: 'the next round' });
  }
}
