import assert from 'node:assert/strict';
import { linkIn } from './mailbox.mjs';
import { Person } from './person.mjs';

const expect = (answer, status, what) => {
  assert.equal(answer.status, status, `${what}: ${answer.status} ${answer.html.slice(0, 2000)}`);
  return answer;
};

/** Goes through the wizard without a screen. */
export async function enrollQuickly(person) {
  const { visitor, portal } = person;
  expect(await visitor.post(`${portal}/enroll/start`, { path: 'app' }), 303, 'start of the wizard');
  const { html } = await visitor.get(`${portal}/enroll/scan`);
  person.setSecret(person.secrets.add('TOTP secret', html.match(/data-copy="([A-Z2-7]{32})"/)[1]));
  const end = expect(await visitor.post(`${portal}/enroll/code`, { code: person.freshCode() }), 200, 'end of the wizard');
  person.recoveryCodes = [...end.html.matchAll(/<li><code>([^<]+)<\/code>/g)].map(([, code]) => person.secrets.add('recovery code', code));
  return end;
}

/** The first administrator of a fresh server, signed in. */
export async function setUpQuickly(world, organization = 'Acme') {
  const ada = new Person(world, {
    visitor: world.visitor(), email: 'ada@acme.test', password: 'violet harbor lantern 42', portal: '/admin',
  });
  const form = { organization, first_name: 'Ada', last_name: 'Admin', email: ada.email, password: ada.password };
  expect(await ada.visitor.post(new URL(world.server.setupLink).pathname, form), 303, 'setup');
  await enrollQuickly(ada);
  return ada;
}

/** Signs in with password and code without a screen. */
export async function signInQuickly(person) {
  const { visitor, portal, email, password } = person;
  expect(await visitor.post(`${portal}/sign-in`, { identifier: email, password }), 303, 'password');
  return expect(await visitor.post(`${portal}/sign-in/code`, { code: person.freshCode() }), 303, 'code');
}

export async function setUpMailQuickly({ visitor }, port) {
  const form = {
    enabled: 'on', host: 'localhost', port: String(port), encryption: 'plain', username: '', password: '',
    from_address: 'claviger@acme.test', from_name: 'Acme IT',
  };
  expect(await visitor.post('/admin/settings/email', form), 303, 'mail settings');
}

/** Sets the first password of a user through the mailed link. */
export async function registerQuickly(world, { email, password = 'copper meadow whistle 17' }) {
  const user = new Person(world, { visitor: world.visitor(), email, password });
  const link = new URL(linkIn(await world.mailbox.next(email, 'account')));
  world.secrets.add('link token', link.pathname.split('/').at(-1));
  user.registration = link.pathname;
  expect(await user.visitor.post(link.pathname, { password }), 303, 'registration');
  return user;
}
