import assert from 'node:assert/strict';
import { linkIn } from '../lib/mailbox.mjs';
import { headingOf } from '../lib/visitor.mjs';
import { anyone, changingNothing, newUser } from './scene.mjs';

const DEAD = 'This link is dead';
const MADE_UP = [
  '/register/x', `/register/${'A'.repeat(43)}`, '/register/%00%2e%2e', `/reset-password/${'a'.repeat(2_000)}`, '/admin/reset-password/x',
];
const PASSWORD = 'another good password 5';

async function assertDead(visitor, path) {
  for (const page of [await visitor.get(path), await visitor.post(path, { password: PASSWORD })]) {
    assert.deepEqual([page.status, headingOf(page)], [404, DEAD], path);
  }
}

async function mailedPath(world, email, subject) {
  const path = new URL(linkIn(await world.mailbox.next(email, subject))).pathname;
  world.secrets.add('link token', path.split('/').at(-1));
  return path;
}

/** Links that were used, replaced, are too old, or never existed. */
export async function links(t, scene) {
  const { world, api, enrolled } = scene;

  await t.test('a registration link works once', async () => {
    await assertDead(world.visitor(), enrolled.registration);
  });

  await t.test('a made-up link looks like a dead one', async () => {
    for (const path of MADE_UP) await assertDead(world.visitor(), path);
  });

  await t.test('a new activation mail makes the old link dead', async () => {
    const form = anyone();
    const { id } = await api.do('POST', '/users', { ...form, activate: true });
    const old = await mailedPath(world, form.email, 'account');
    await api.do('POST', `/users/${id}/activation-email`);
    const fresh = await mailedPath(world, form.email, 'account');
    await assertDead(world.visitor(), old);
    assert.equal((await world.visitor().get(fresh)).status, 200);
  });

  await t.test('a link of one kind opens no other door', async () => {
    const form = anyone();
    await api.do('POST', '/users', { ...form, activate: true });
    const token = (await mailedPath(world, form.email, 'account')).split('/').at(-1);
    for (const path of [`/reset-password/${token}`, `/admin/reset-password/${token}`]) await assertDead(world.visitor(), path);
    assert.equal((await world.visitor().get(`/setup/${token}`)).status, 404);
  });

  await t.test('a registration link is dead after 7 days', async () => {
    const form = anyone();
    await api.do('POST', '/users', { ...form, activate: true });
    const path = await mailedPath(world, form.email, 'account');
    world.clock.advance({ days: 7, seconds: 1 });
    await assertDead(world.visitor(), path);
  });

  await t.test('a forgotten password is answered the same for everybody, and its link does not skip the code', async () => {
    const user = await newUser(scene);
    const ask = (identifier) => world.visitor().post('/forgot-password', { identifier });
    const [known, unknown] = [await ask(enrolled.email), await ask('nobody@acme.test')];
    assert.deepEqual([known.status, known.html], [unknown.status, unknown.html]);
    const path = await mailedPath(world, enrolled.email, 'Choose a new password');
    const visitor = world.visitor();
    world.secrets.add('password', PASSWORD);
    const set = await visitor.post(path, { password: PASSWORD });
    assert.deepEqual([set.status, set.location], [303, '/sign-in/code']);
    enrolled.password = PASSWORD;
    await assertDead(world.visitor(), path);
    assert.equal(world.mailbox.to(user.email, 'Choose a new password').length, 0);
  });

  await t.test('after the setup its link and any other is not found', () =>
    changingNothing(scene, async () => {
      const used = new URL(world.server.setupLink).pathname;
      for (const path of [used, '/setup/x']) {
        assert.equal((await world.visitor().get(path)).status, 404);
        const form = { organization: 'Evil', first_name: 'E', last_name: 'V', email: 'eve@evil.test', password: PASSWORD };
        assert.equal((await world.visitor().post(path, form)).status, 404);
      }
    }));
}

/** The setup link of a server that was not set up in time. */
export async function lateSetup(t, world) {
  let path;

  await t.test('a setup link is dead after 24 hours, and the host makes a new one', async () => {
    const first = new URL(world.server.setupLink).pathname;
    world.clock.advance({ hours: 24, seconds: 1 });
    assert.equal((await world.visitor().get(first)).status, 404);
    const link = (await world.server.command('admin', 'setup-link')).match(/http\S+/)[0];
    world.secrets.add('setup link', link.split('/').at(-1));
    path = new URL(link).pathname;
    assert.equal((await world.visitor().get(path)).status, 200);
  });

  await t.test('of two browsers with the setup link one wins', async () => {
    const form = { organization: 'Acme', first_name: 'A', last_name: 'B', email: 'a@acme.test', password: 'violet harbor lantern 42' };
    const answers = await Promise.all([1, 2].map(() => world.visitor().post(path, form)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 404]);
  });

  await t.test('once there is an administrator the host makes no setup link', async () => {
    await assert.rejects(world.server.command('admin', 'setup-link'));
  });
}
