import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../lib/wait.mjs';

/** PAM_AUTHINFO_UNAVAIL: the agent was gone before it said how the login ended. */
const UNAVAILABLE = 9;
/** How long a login takes here is seen in this many of the last ones. */
const LATELY = 70;
/** Seconds, before any was seen. */
const AT_FIRST = 0.02;
/** A login that takes longer is stuck: the module waits five seconds for each word of the agent. */
const STUCK = 20;

const at = (part, times) => [...times].sort((a, b) => a - b)[Math.floor((times.length - 1) * part)];
const middleOf = (times) => at(0.5, times);

/** People at a device's logins while its agent is killed again and again, and what must hold. */
export class Killing {
  #scene;
  #people;
  #times = [];
  /** Seconds, the last time. */
  #toKill = 0;
  entered = 0;
  cutOff = 0;

  constructor(scene, people) {
    this.#scene = scene;
    this.#people = people;
  }

  #try(person, ...given) {
    return this.#scene.logins.pam({ user: person.username, key: true, codes: given });
  }

  async happens(number) {
    const { employees } = this.#scene;
    const [first, second, third, ...others] = this.#people;
    const code = await employees.codeOfMany(first);
    const killed = this.#kill();
    await pause(Math.max(0, -killed.lead) * 1000);
    const attempts = [
      this.#try(first, code), this.#try(first, code), this.#try(second, second.badCode()), this.#try(third),
      ...others.map(async (person) => this.#try(person, await employees.codeOfMany(person))),
    ];
    await killed.done;
    const [one, same, wrong, silent, ...rest] = await Promise.all(attempts);
    for (const seen of [one, same, wrong, silent, ...rest]) {
      assert.ok(seen.seconds < STUCK, `kill ${number}: a login took ${seen.seconds} seconds`);
      this.#times.push(seen.seconds);
    }
    assert.notEqual(wrong.result, 0, `kill ${number}: in with a wrong code`);
    assert.notEqual(silent.result, 0, `kill ${number}: in without a code`);
    const again = [await this.#try(first, code), await this.#try(first, code)];
    const taken = [one, same, ...again].filter(({ result }) => result === 0);
    assert.ok(taken.length <= 1, `kill ${number}: a code was taken ${taken.length} times`);
    const { result } = await this.#scene.api.do('POST', `/users/${first.id}/mfa/verify`, { code });
    assert.notEqual(result, 'accepted', `kill ${number}: a code of the device counts in the portal`);
    this.entered += taken.length;
    this.cutOff += [one, same, wrong, silent, ...rest].filter(({ result }) => result === UNAVAILABLE).length;
    if (number % 5 === 0) await this.#forgive();
    this.#people.push(this.#people.shift());
  }

  /**
   * Kills the agent at some moment of logins. To start the program that kills takes as long as a fast login does: they
   * begin `-lead` seconds later than it where that is more than nothing.
   */
  #kill() {
    const lead = Math.random() * 2 * this.#usual() - this.#toKill;
    const kill = async () => {
      await pause(Math.max(0, lead) * 1000);
      const began = performance.now();
      await this.#scene.agent.kill();
      this.#toKill = (performance.now() - began) / 1000;
    };
    return { lead, done: kill() };
  }

  /** Seconds; the kill comes in the middle of logins wherever they are fast or slow. */
  #usual() {
    return this.#times.length ? middleOf(this.#times.slice(-LATELY)) : AT_FIRST;
  }

  /** Wrong codes lock a factor; this is about something else. */
  async #forgive() {
    for (const person of this.#people) await this.#scene.api.do('POST', `/users/${person.id}/unlock`);
  }

  /** Afterwards everything is as ever. */
  async ends() {
    await this.#forgive();
    const [person] = this.#people;
    await this.#scene.catchUp();
    await until('a code being taken', async () => (await this.#try(person, await this.#scene.employees.codeOfMany(person))).result === 0);
  }

  get summary() {
    const [usual, long, longest] = [middleOf(this.#times), at(0.99, this.#times), at(1, this.#times)];
    return `${this.#times.length} logins, ${this.entered} codes taken, ${this.cutOff} logins cut off; seconds p50 ${usual}, p99 ${long}, longest ${longest}`;
  }
}
