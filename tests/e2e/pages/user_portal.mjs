import { givePassword, signIn } from '../lib/sign_in.mjs';
import { putOff } from '../lib/user.mjs';
import { opening, refused, visitAll } from './visit.mjs';

const PASSWORD_WITH_MISTAKES = refused('Change password', { 'Current password': 'not this', 'New password': 'short' });

const PAGES = [
  ['Home', '/'],
  ['Password & Security', '/security'],
  ['Profile', '/profile'],
  ['Profile with a name that is too long', '/profile', refused('Save', { 'First name': 'Alice'.repeat(60) })],
  ['Profile with a wrong password', '/profile', PASSWORD_WITH_MISTAKES],
  ['the account menu', '/', opening('summary[aria-label^="Account"]')],
];

const IN_PERIOD = [
  ['Home with the days left', '/', undefined, { '1440 light': 'portal-home.png' }],
  ['Password & Security before MFA is set up', '/security'],
];

/** The User Portal for somebody enrolled and for somebody who put it off. */
export async function userPages(t, { world, users }) {
  const enrolled = await world.window();
  await signIn(Object.assign(users.Alice.person, { page: enrolled.page }));
  await visitAll(t, enrolled, PAGES);
  const waiting = await world.window();
  const yusuf = Object.assign(users.Yusuf.person, { page: waiting.page });
  await givePassword(yusuf);
  await putOff(yusuf);
  await visitAll(t, waiting, IN_PERIOD);
}
