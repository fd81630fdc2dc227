import assert from 'node:assert/strict';
import { errorAt } from '../lib/visitor.mjs';
import { anyone, changingNothing } from './scene.mjs';

const MISTAKES = [
  ['a missing username', 'username', ''],
  ['a first name of 10,000 letters', 'first_name', 'a'.repeat(10_000)],
  ['a line break in a name', 'last_name', 'Doe\r\nBcc: all@acme.test'],
  ['a missing e-mail', 'email', ''],
  ['an e-mail without a domain', 'email', 'uma@'],
  ['an e-mail with two addresses', 'email', 'uma@acme.test,eve@evil.test'],
  ['an e-mail with a header in it', 'email', 'uma@acme.test\r\nBcc: all@acme.test'],
  ['an e-mail of 300 letters', 'email', `${'a'.repeat(290)}@acme.test`],
  ['a username of 33 letters', 'username', 'a'.repeat(33)],
  ['a username that begins with a digit', 'username', '1uma'],
  ['a username with a space', 'username', 'uma unger'],
  ['a username with letters of another script', 'username', 'umä'],
  ['a username that climbs', 'username', '../etc'],
  ['a display name with a zero byte', 'display_name', 'Uma\0'],
];

const MALFORMED = [
  ['a field sent twice', 'username=a&username=b&email=a%40acme.test&first_name=A&last_name=B', 400],
  ['bytes that are no text', 'first_name=%FF%FE&last_name=B&email=a%40acme.test&username=a', [400, 422]],
  ['a body of 100,000 bytes', `first_name=${'a'.repeat(100_000)}`, 413],
  ['an empty body', '', 422],
];

const ODD_QUERIES = [
  '?state=asleep', '?mfa_status=', '?sort=color&order=up', '?after=%00%FF', '?after=x&before=y',
  '?search=%00', '?search=%25_%5C%27%22', `?search=${'%25'.repeat(2_000)}`,
];

/** The form of a new user, filled in badly. */
export async function fields(t, scene) {
  const { ada, enrolled } = scene;
  const add = (form, headers) => ada.visitor.post('/admin/users/new', form, headers);

  for (const [what, field, value] of MISTAKES) {
    await t.test(`${what} gets a message beside its field`, () =>
      changingNothing(scene, async () => {
        const page = await add({ ...anyone(), [field]: value });
        assert.equal(page.status, 422);
        assert.ok(errorAt(page, field), `no message beside ${field}`);
      }));
  }

  await t.test('an e-mail or username that somebody has gets a message beside its field, in whatever case', () =>
    changingNothing(scene, async () => {
      const email = await add({ ...anyone(), email: enrolled.email.toUpperCase() });
      assert.deepEqual([email.status, Boolean(errorAt(email, 'email'))], [422, true]);
      const username = await add({ ...anyone(), username: enrolled.email.split('@')[0].toUpperCase() });
      assert.deepEqual([username.status, Boolean(errorAt(username, 'username'))], [422, true]);
    }));

  await t.test('every missing field is named at once', async () => {
    const page = await add({});
    for (const field of ['email', 'username']) assert.ok(errorAt(page, field), field);
  });

  for (const [what, body, status] of MALFORMED) {
    await t.test(`${what} is refused as a whole`, () =>
      changingNothing(scene, async () => {
        const page = await add(body);
        assert.ok([status].flat().includes(page.status), `${page.status}`);
        assert.match(page.headers.get('content-type'), /^text\/html/);
      }));
  }

  await t.test('a form of another type is refused', () =>
    changingNothing(scene, async () => {
      const page = await add(JSON.stringify(anyone()), { 'content-type': 'application/json' });
      assert.ok([400, 415].includes(page.status), `${page.status}`);
    }));

  await t.test('markup in a name is shown as text', async () => {
    const form = { ...anyone(), first_name: '<script>alert(1)</script>', last_name: '"><img src=x onerror=alert(1)>' };
    const { status, location } = await add(form);
    assert.equal(status, 303);
    for (const path of [location, '/admin/users', `${location}/activity`, `${location}/delete`]) {
      const { html } = await ada.visitor.get(path);
      assert.ok(!html.includes('<script>alert') && !html.includes('<img src=x'), path);
    }
  });

  await t.test('a page about nobody is not found, and odd queries are no failure', async () => {
    for (const path of ['/admin/users/nobody', '/admin/users/00000000-0000-7000-8000-000000000000', '/admin/nowhere']) {
      assert.equal((await ada.visitor.get(path)).status, 404, path);
    }
    for (const query of ODD_QUERIES) {
      assert.ok((await ada.visitor.get(`/admin/users${query}`)).status < 500, query);
    }
  });

  await t.test('odd characters in what people look for or sign in with are no failure', async () => {
    const visitor = scene.world.visitor();
    for (const identifier of ['\0', 'a\0b@acme.test', "' OR 1=1 --", '%', '\u{202e}', '\ud83d\ude00'.repeat(500), 'x'.repeat(60_000)]) {
      const page = await visitor.post('/sign-in', { identifier, password: 'a\0b' });
      assert.ok([422, 429].includes(page.status), `${page.status}`);
      assert.equal((await visitor.post('/forgot-password', { identifier })).status, 200);
    }
  });

  await t.test('a browser with an odd name for itself signs in like any other', async () => {
    for (const agent of ['', 'b\u00e4r', '<script>alert(1)</script>', 'x'.repeat(8_000)]) {
      const visitor = scene.world.visitor();
      const form = { identifier: enrolled.email, password: enrolled.password };
      assert.equal((await visitor.post('/sign-in', form, { 'user-agent': agent })).status, 303, agent.slice(0, 20));
    }
  });

  await t.test('an edit on top of a change that somebody made meanwhile is refused', () =>
    changingNothing(scene, async () => {
      const page = await ada.visitor.post(enrolled.path, { ...anyone(), revision: '0', require_mfa: 'on' });
      assert.ok([409, 422].includes(page.status), `${page.status}`);
    }));
}
