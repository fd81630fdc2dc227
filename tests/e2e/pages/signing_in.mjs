import { press, typeCode } from '../lib/forms.mjs';
import { scan } from '../lib/enrollment.mjs';
import { refused, sending, visitAll } from './visit.mjs';

const asUser = ({ email, password }) => sending('Sign in', { 'E-mail or username': email, Password: password });

const asAdministrator = ({ email, password }) => sending('Sign in', { 'E-mail': email, Password: password });

const doors = ({ users, ada }) => [
  ['sign-in', '/sign-in', undefined, { '1440 light': 'sign-in.png' }],
  ['sign-in with nothing filled in', '/sign-in', refused('Sign in')],
  ['sign-in with a wrong password', '/sign-in', refused('Sign in', { 'E-mail or username': 'nobody@acme.test', Password: 'guess' })],
  ["the administrators' sign-in", '/admin/sign-in'],
  ["the administrators' sign-in with a wrong password", '/admin/sign-in', refused('Sign in', { 'E-mail': 'nobody@acme.test', Password: 'guess' })],
  ['forgot password', '/forgot-password'],
  ['forgot password with nothing filled in', '/forgot-password', refused('Send the link')],
  ['forgot password, sent', '/forgot-password', sending('Send the link', { 'E-mail or username': 'nobody' })],
  ["the administrators' forgot password", '/admin/forgot-password'],
  ['a dead link', '/register/unknown'],
  ['a dead setup link', '/setup/unknown'],
  ['no such page', '/nowhere'],
  ['the lock-out', '/sign-in', asUser(users.Farid.person)],
  ['a suspended account', '/sign-in', asUser(users.Daniel.person)],
  ['the code', '/sign-in', asUser(users.Alice.person)],
  ['a wrong code', '/sign-in/code', (page) => typeCode(page, users.Alice.person.badCode())],
  ['a recovery code', '/sign-in/recovery-code'],
  ['a wrong recovery code', '/sign-in/recovery-code', refused('Verify', { 'Recovery code': '0000-0000-0000-0000' })],
  ['a dead link of "It was not me"', '/not-me/unknown'],
  ["the administrator's code", '/admin/sign-in', asAdministrator(ada)],
];

const links = ({ registration, reset }) => [
  ['registration', registration],
  ['registration with a short password', registration, refused('Set password', { 'New password': 'short' })],
  ['password reset', reset],
  ['password reset with a common password', reset, refused('Set password', { 'New password': 'password1234' })],
];

const wizard = (wei) => [
  ['the prompt to set MFA up', '/sign-in', asUser(wei)],
  ['the QR code', '/enroll', async (page) => {
    await press(page, 'Continue');
    wei.setSecret(await scan(wei));
  }, { '1440 light': 'enroll-scan.png', '375 light': 'enroll-scan-375.png' }],
  ['the code of the wizard', '/enroll/code'],
  ['a wrong code in the wizard', '/enroll/code', (page) => typeCode(page, wei.badCode())],
  ['the end of the wizard', '/enroll/code', (page) => typeCode(page, wei.freshCode())],
];

/** The pages on the way in. */
export async function signInPages(t, scene) {
  const { world, users } = scene;
  await visitAll(t, await world.window(), [...doors(scene), ...links(scene.links)]);
  const window = await world.window();
  await visitAll(t, window, wizard(Object.assign(users.Wei.person, { page: window.page })));
}
