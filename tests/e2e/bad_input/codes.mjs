import assert from 'node:assert/strict';
import { codeAt } from '../lib/otp.mjs';
import { enrollQuickly } from '../lib/seed.mjs';
import { errorAt } from '../lib/visitor.mjs';
import { newUser } from './scene.mjs';

const NO_CODES = ['', '12345', '1234567', '12a456', 'abcdef', '１２３４５６', '-12345', '12345\0', '9'.repeat(5_000)];

const keyOf = async ({ visitor }) => (await visitor.get('/enroll/scan')).html.match(/data-copy="([A-Z2-7]{32})"/)[1];

async function anotherWindow(world, { email, password }) {
  const visitor = world.visitor();
  assert.equal((await visitor.post('/sign-in', { identifier: email, password })).status, 303);
  return visitor;
}

/** Codes that are none, come too early or too late, or belong to another QR code. */
export async function codes(t, scene) {
  const { world, enrolled } = scene;
  const { clock } = world;

  await t.test('what is no six digits gets a message at sign-in and counts as nothing', async () => {
    const visitor = await anotherWindow(world, enrolled);
    for (const code of NO_CODES) {
      const page = await visitor.post('/sign-in/code', { code });
      assert.equal(page.status, 422, code.slice(0, 20));
      assert.ok(errorAt(page, 'code'), code.slice(0, 20));
    }
    assert.equal((await visitor.post('/sign-in/code', { code: enrolled.freshCode().replace(/^.../, ' $& ') })).status, 303);
  });

  await t.test('what is no six digits gets a message in the wizard, and the same QR code stays', async () => {
    const user = await newUser(scene, { enrollment_days: 7 });
    await user.visitor.post('/enroll/start', { path: 'app' });
    const key = await keyOf(user);
    for (const code of NO_CODES) {
      const page = await user.visitor.post('/enroll/code', { code });
      assert.deepEqual([page.status, Boolean(errorAt(page, 'code'))], [422, true], code.slice(0, 20));
    }
    assert.equal(await keyOf(user), key);
  });

  await t.test('a code is taken one step early and one step late, and not further away', async () => {
    for (const [steps, status] of [[-3, 422], [3, 422], [-1, 303], [1, 303]]) {
      clock.advance({ minutes: 5 });
      const visitor = await anotherWindow(world, enrolled);
      const middle = Math.floor(clock.now / 30) * 30;
      const answer = await visitor.post('/sign-in/code', { code: codeAt(enrolled.secret, middle + steps * 30) });
      assert.equal(answer.status, status, `${steps} steps`);
    }
  });

  await t.test('a half-finished sign-in can do nothing but give the code', async () => {
    const visitor = await anotherWindow(world, enrolled);
    for (const path of ['/', '/security', '/security/recovery-codes', '/security/mfa/replace', '/profile', '/enroll', '/enroll/scan']) {
      const page = await visitor.get(path);
      assert.deepEqual([page.status, page.location], [303, '/sign-in/code'], path);
    }
    const change = await visitor.post('/profile', { first_name: 'Eve', last_name: 'Evil' });
    assert.deepEqual([change.status, change.location], [303, '/sign-in/code']);
  });

  await t.test('of ten browsers that give the same code at once, one gets in', async () => {
    clock.advance({ minutes: 5 });
    const visitors = [];
    for (let n = 0; n < 10; n += 1) visitors.push(await anotherWindow(world, enrolled));
    const code = enrolled.freshCode();
    const answers = await Promise.all(visitors.map((visitor) => visitor.post('/sign-in/code', { code })));
    const refused = answers.filter(({ status }) => status !== 303);
    assert.equal(refused.length, 9);
    for (const page of refused) assert.equal(errorAt(page, 'code'), 'This code was already used. Wait for the next one.');
  });

  await t.test('after five wrong codes the password is asked for again', async () => {
    clock.advance({ minutes: 20 });
    const visitor = await anotherWindow(world, enrolled);
    for (let n = 1; n < 5; n += 1) {
      assert.equal(errorAt(await visitor.post('/sign-in/code', { code: enrolled.badCode() }), 'code'), 'That code is not right.');
    }
    const fifth = await visitor.post('/sign-in/code', { code: enrolled.badCode() });
    assert.equal(fifth.location, '/sign-in');
    assert.equal((await visitor.get('/sign-in/code')).location, '/sign-in');
  });

  await t.test('ten wrong codes in a row lock the factor, a right password does not unlock it, and an administrator does', async () => {
    clock.advance({ minutes: 20 });
    const user = await newUser(scene);
    await enrollQuickly(user);
    for (let n = 0; n < 10; n += 1) {
      const visitor = await anotherWindow(world, user);
      await visitor.post('/sign-in/code', { code: user.badCode() });
    }
    const visitor = await anotherWindow(world, user);
    const refused = await visitor.post('/sign-in/code', { code: user.freshCode() });
    assert.match(errorAt(refused, 'code'), /^Too many wrong codes\. Try again in 15 minutes/);
    await world.mailbox.next(user.email, 'Too many wrong codes');
    await scene.api.do('POST', `/users/${user.id}/unlock`);
    assert.equal((await visitor.post('/sign-in/code', { code: user.freshCode() })).status, 303);
  });

  await t.test('where two codes are asked for at setup, only two in a row are taken', async () => {
    await scene.api.do('PATCH', '/organization', { codes_at_setup: 2 });
    const user = await newUser(scene, { enrollment_days: 7 });
    await user.visitor.post('/enroll/start', { path: 'app' });
    const key = await keyOf(user);
    const [before, now] = [codeAt(key, clock.now - 30), codeAt(key, clock.now)];
    for (const code_2 of ['', before, 'abcdef']) {
      const page = await user.visitor.post('/enroll/code', { code: before, code_2 });
      assert.deepEqual([page.status, Boolean(errorAt(page, 'code_2'))], [422, true], code_2);
    }
    assert.equal((await user.visitor.post('/enroll/code', { code: before, code_2: now })).status, 200);
    await scene.api.do('PATCH', '/organization', { codes_at_setup: 1 });
  });

  await t.test('of two wizards at once the later one counts, and the QR code of the earlier one is dead', async () => {
    const user = await newUser(scene, { enrollment_days: 7 });
    const second = { ...user, visitor: await anotherWindow(world, user) };
    await user.visitor.post('/enroll/start', { path: 'app' });
    const first = await keyOf(user);
    await second.visitor.post('/enroll/start', { path: 'have_app' });
    const key = await keyOf(second);
    assert.notEqual(first, key);
    const refused = await user.visitor.post('/enroll/code', { code: codeAt(first, clock.now) });
    assert.notEqual(refused.status, 200);
    const taken = await second.visitor.post('/enroll/code', { code: codeAt(key, clock.now) });
    assert.equal(taken.status, 200);
  });
}
