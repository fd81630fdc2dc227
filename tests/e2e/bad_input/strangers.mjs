import assert from 'node:assert/strict';
import { alerts } from '../lib/visitor.mjs';
import { changingNothing, newUser } from './scene.mjs';

const ROUNDS = 12;
const FREE_TRIES = 4;

const withoutName = ({ html }, name) => html.replaceAll(name, '');

const quickest = (times) => Math.min(...times);
const middle = (times) => times.toSorted((one, other) => one - other)[times.length >> 1];

async function timed(action) {
  const start = process.hrtime.bigint();
  const answer = await action();
  return { ...answer, milliseconds: Number(process.hrtime.bigint() - start) / 1e6 };
}

/** Those who try passwords. */
export async function strangers(t, scene) {
  const { world, ada, enrolled } = scene;
  const doors = [
    ['/sign-in', enrolled.email, "That e-mail or username and password don't match."],
    ['/admin/sign-in', ada.email, "That e-mail and password don't match."],
  ];

  for (const [path, known, words] of doors) {
    await t.test(`at ${path} an unknown account and a wrong password are the same in text, status and time`, async () => {
      const attempt = (identifier) => timed(() => world.visitor().post(path, { identifier, password: 'a wrong password' }));
      const times = { known: [], unknown: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        // In turns, so that what recurs on the machine hits both.
        const first = round % 2 === 0 ? await attempt(known) : null;
        const absent = await attempt(`nobody${round}@acme.test`);
        const there = first ?? await attempt(known);
        assert.deepEqual([there.status, alerts(there)], [422, [words]]);
        assert.deepEqual([absent.status, alerts(absent)], [422, [words]]);
        assert.equal(withoutName(there, known), withoutName(absent, `nobody${round}@acme.test`));
        times.known.push(there.milliseconds);
        times.unknown.push(absent.milliseconds);
        if (round % FREE_TRIES === FREE_TRIES - 1) world.clock.advance({ minutes: 20 });
      }
      // A difference moves all answers of a kind; what else the machine does moves some of them.
      const ratios = [quickest, middle].map((which) => which(times.known) / which(times.unknown));
      assert.ok(ratios.some((ratio) => ratio > 0.5 && ratio < 2), `${JSON.stringify(times)}`);
    });
  }

  await t.test('a staged account answers as an unknown one, whatever the password', async () => {
    const { api } = scene;
    await api.do('POST', '/users', { username: 'staged', email: 'staged@acme.test', first_name: 'S', last_name: 'T' });
    const page = await world.visitor().post('/sign-in', { identifier: 'staged', password: '' });
    assert.equal(page.status, 422);
    const guess = await world.visitor().post('/sign-in', { identifier: 'staged', password: 'anything at all' });
    assert.deepEqual([guess.status, alerts(guess)], [422, [doors[0][2]]]);
  });

  await t.test('a user is no administrator, and an administrator is no user', async () => {
    for (const [path, person] of [['/admin/sign-in', enrolled], ['/sign-in', ada]]) {
      const page = await world.visitor().post(path, { identifier: person.email, password: person.password });
      assert.equal(page.status, 422);
    }
  });

  await t.test('who is not signed in sees nothing and changes nothing', () =>
    changingNothing(scene, async () => {
      for (const path of ['/admin', '/admin/users', enrolled.path, '/admin/settings/email/queue']) {
        const page = await world.visitor().get(path);
        assert.deepEqual([page.status, page.location], [303, '/admin/sign-in'], path);
      }
      for (const path of [`${enrolled.path}/delete`, '/admin/mfa/totp/disable', '/admin/users/new']) {
        const page = await world.visitor().post(path, { organization: 'Acme' });
        assert.deepEqual([page.status, page.location], [303, '/admin/sign-in'], path);
      }
      for (const path of ['/', '/security', '/profile', '/enroll', '/sign-in/code']) {
        assert.equal((await world.visitor().get(path)).location, '/sign-in', path);
      }
    }));

  await t.test("a user's session opens no door of the Admin Portal", async () => {
    const user = await newUser(scene);
    const page = await user.visitor.get('/admin/users');
    assert.deepEqual([page.status, page.location], [303, '/admin/sign-in']);
  });

  await t.test('more and more wrong passwords make the next one wait, for seconds only', async () => {
    const attempt = () => world.visitor().post('/sign-in', { identifier: 'guessed@acme.test', password: 'guess' });
    const statuses = [];
    for (let n = 0; n < 7; n += 1) statuses.push((await attempt()).status);
    assert.equal(statuses.at(-1), 429);
    world.clock.advance({ seconds: 10 });
    assert.equal((await attempt()).status, 422);
  });
}
