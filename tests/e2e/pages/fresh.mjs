import { enableTotp } from '../lib/administrator.mjs';
import { follow, press, typeCode } from '../lib/forms.mjs';
import { scan } from '../lib/enrollment.mjs';
import { Person } from '../lib/person.mjs';
import { NO_APPLICATIONS } from './applications.mjs';
import { NO_DEVICES } from './devices.mjs';
import { opening, refused, sending, visitAll } from './visit.mjs';

const SETUP = {
  'Organization name': 'Acme', 'First name': 'Ada', 'Last name': 'Admin', 'E-mail': 'ada@acme.test', Password: 'violet harbor lantern 42',
};

const beforeSetup = (link) => [
  ['before setup', '/'],
  ['setup', link],
  ['setup with mistakes', link, refused('Continue', { ...SETUP, 'E-mail': 'ada', Password: 'short' })],
  ['setup with nothing filled in', link, refused('Continue')],
  ["the administrator's wizard", link, sending('Continue', SETUP)],
];

const wizard = (ada) => [
  ["the administrator's QR code", '/admin/enroll', async (page) => {
    await press(page, 'Continue');
    ada.setSecret(await scan(ada));
  }],
  ["a wrong code in the administrator's wizard", '/admin/enroll/code', (page) => typeCode(page, ada.badCode())],
  ["the end of the administrator's wizard", '/admin/enroll/code', (page) => typeCode(page, ada.freshCode())],
];

const EMPTY = [
  ['Home with the checklist', '/admin'],
  ['Users without users', '/admin/users'],
  ['Add a user while TOTP is disabled', '/admin/users/new'],
  ['MFA Configurations, disabled', '/admin/mfa'],
  ['E-mail, not set up', '/admin/settings/email'],
  ['E-mail with mistakes', '/admin/settings/email', async (page) => {
    await page.getByLabel('Send mail by SMTP').check();
    await refused('Save', { Host: '', Port: 'abc', 'From address': 'nobody' })(page);
  }],
  ['a test mail without a mail server', '/admin/settings/email', refused('Send a test', { To: 'ada@acme.test' })],
  ['Mail queue, empty', '/admin/settings/email/queue'],
  ['My account', '/admin/account'],
];

async function addFirstUser(page) {
  await enableTotp({ page });
  await page.goto('/admin/users/new');
  await page.getByLabel('Activate now').check();
  await sending('Add user', { 'First name': 'Bo', 'Last name': 'Li', 'E-mail': 'bo@acme.test', Username: 'bo' })(page);
}

const FIRST_USER = [
  ['the first user', '/admin/mfa', addFirstUser],
  ["the first user's activity", '/admin/users', async (page) => {
    await page.getByRole('link', { name: /^Bo Li/ }).click();
    await follow(page, 'Activity');
  }],
  ['Mail queue without a mail server', '/admin/settings/email/queue', opening('tr:has-text("Registration") summary')],
];

/** Everything there is to see before and just after the first run. */
export async function freshPages(t, world) {
  const window = await world.window();
  const ada = new Person(world, { page: window.page, email: SETUP['E-mail'], password: SETUP.Password, portal: '/admin' });
  await visitAll(t, window, beforeSetup(world.server.setupLink));
  await visitAll(t, window, wizard(ada));
  await visitAll(t, window, [...EMPTY, ...NO_APPLICATIONS, ...NO_DEVICES, ...FIRST_USER]);
}
