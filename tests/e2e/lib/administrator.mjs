import assert from 'node:assert/strict';
import { answered, assertHeading, assertSays, fill, press } from './forms.mjs';
import { linkIn } from './mailbox.mjs';

/** The first page of the wizard of a fresh server. */
export async function setUpOrganization({ page, email, password }, link, organization) {
  await page.goto(link);
  await assertHeading(page, 'Set up your organization');
  await fill(page, { 'Organization name': organization, 'First name': 'Ada', 'Last name': 'Admin', 'E-mail': email, Password: password });
  await press(page, 'Continue');
}

export async function setUpMail({ page }, mailbox, encryption) {
  await page.goto('/admin/settings/email');
  await page.getByLabel('Send mail by SMTP').check();
  await page.getByLabel('Encryption').selectOption(encryption);
  await fill(page, { Host: 'localhost', Port: String(mailbox.port), 'From address': 'claviger@acme.test', 'From name': 'Acme IT' });
  return press(page, 'Save');
}

export async function sendTestMail({ page }, to) {
  await page.goto('/admin/settings/email');
  await fill(page, { To: to });
  return press(page, 'Send a test');
}

export async function setSupportContact({ page }, contact) {
  await page.goto('/admin/settings/organization');
  await fill(page, { 'Support contact': contact });
  return press(page, 'Save');
}

export async function enableTotp({ page }) {
  await page.goto('/admin/mfa');
  await press(page, 'Enable');
  await assertSays(page, 'Enabled');
}

/** Adds and activates a user; without `days` MFA isn't required. Gives the user's id. */
export async function addUser({ page }, { first, last, email, username, days }) {
  await page.goto('/admin/users/new');
  await fill(page, { 'First name': first, 'Last name': last, 'E-mail': email, Username: username });
  await page.getByLabel('Require Multi-factor Authentication on the User Portal').setChecked(Boolean(days));
  if (days) await fill(page, { 'Days to set up MFA': String(days) });
  await page.getByLabel('Activate now').check();
  await press(page, 'Add user');
  const [, id] = page.url().match(/\/admin\/users\/([0-9a-f-]{20,})$/) ?? assert.fail(`no user page but ${page.url()}`);
  return id;
}

/** Chooses something in a menu of a user's page and confirms it in the dialog. */
export async function decide({ page }, id, menu, item, values = {}) {
  await page.goto(`/admin/users/${id}`);
  await page.locator('main summary', { hasText: menu }).click();
  await page.getByRole('link', { name: item }).click();
  const dialog = page.getByRole('dialog');
  await fill(dialog, values);
  return answered(page, () => dialog.getByRole('button').click());
}

/** The e-mails and status words in the users list, filtered by the address of the page. */
export async function listUsers({ page }, query = '') {
  await page.goto(`/admin/users${query}`);
  const rows = await page.locator('main tbody tr').all();
  return Promise.all(rows.map(async (row) => ({
    email: await row.locator('.row-link .soft').innerText(),
    words: await row.locator('.padlock .words').innerText(),
  })));
}

/** Adds an administrator, and gives their id. */
export async function addAdministrator({ page }, { email, role, mfa = 'required' }) {
  await page.goto('/admin/administrators/new');
  await fill(page, { 'E-mail': email });
  await page.getByLabel('Role', { exact: true }).selectOption(role);
  await page.getByLabel('Multi-Factor Authentication Required').setChecked(mfa === 'required');
  await press(page, 'Add administrator');
  const [, id] = page.url().match(/\/admin\/administrators\/([0-9a-f-]{20,})$/) ?? assert.fail(`no administrator but ${page.url()}`);
  return id;
}

/** Chooses the first password by the mailed link, which signs in as far as a password goes. */
export async function setFirstPassword(world, person, organization = 'Acme') {
  const link = linkIn(await world.mailbox.next(person.email, `Your ${organization} administrator account`));
  world.secrets.add('link token', link.split('/').at(-1));
  await person.page.goto(link);
  await fill(person.page, { 'New password': person.password });
  await press(person.page, 'Set password');
}
