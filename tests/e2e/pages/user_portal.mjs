import { givePassword, signIn } from '../lib/sign_in.mjs';
import { putOff } from '../lib/user.mjs';
import { opening, refused, sending, visitAll } from './visit.mjs';

const PASSWORD_WITH_MISTAKES = refused('Change password', { 'Current password': 'not this', 'New password': 'short' });

const PAGES = [
  ['Home', '/'],
  ['Password & Security', '/security'],
  ['Profile', '/profile'],
  ['Profile with a name that is too long', '/profile', refused('Save', { 'First name': 'Alice'.repeat(60) })],
  ['Profile with a wrong password', '/profile', PASSWORD_WITH_MISTAKES],
  ['the account menu', '/', opening('summary[aria-label^="Account"]')],
];

const livingWith = (alice) => [
  ['the question before the authenticator is replaced', '/security/mfa/replace'],
  ['the same with a wrong password', '/security/mfa/replace', refused('Continue', { 'Current password': 'not this', 'Current code': '000000' })],
  ['the question before new recovery codes', '/security/recovery-codes'],
  ['new recovery codes', '/security/recovery-codes', (page) => sending('Make new codes', { 'Current code': alice.freshCode() })(page)],
];

const IN_PERIOD = [
  ['Home with the days left', '/', undefined, { '1440 light': 'portal-home.png' }],
  ['Password & Security before MFA is set up', '/security'],
];

/** The User Portal for somebody enrolled and for somebody who put it off. */
export async function userPages(t, { world, users }) {
  const enrolled = await world.window();
  await signIn(Object.assign(users.Alice.person, { page: enrolled.page }));
  await visitAll(t, enrolled, [...PAGES, ...livingWith(users.Alice.person)]);
  const waiting = await world.window();
  const yusuf = Object.assign(users.Yusuf.person, { page: waiting.page });
  await givePassword(yusuf);
  await putOff(yusuf);
  await visitAll(t, waiting, IN_PERIOD);
}
