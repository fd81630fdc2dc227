import assert from 'node:assert/strict';
import { enableTotp, setUpMail } from '../lib/administrator.mjs';
import { keepPicture } from '../lib/browser.mjs';
import { assertHeading, assertSays, fill, press } from '../lib/forms.mjs';
import { enrollQuickly, registerQuickly, setUpQuickly } from '../lib/seed.mjs';
import { signIn } from '../lib/sign_in.mjs';
import { until } from '../lib/wait.mjs';
import { file, upload } from './people.mjs';

const COUNT = 1_000;
const WORDS = {
  active: 'MFA active',
  enrolling: 'In enrollment period',
  expired: 'Enrollment period expired',
  optional: 'MFA set up, not required',
  required_without_period: 'MFA required, no enrollment period',
  none: 'MFA not set up',
};

/** The page of a job, once it has ended: the page finds out by itself. */
async function ended({ page }) {
  const badge = page.locator('[data-live="job"] .badge');
  await badge.filter({ hasText: /Done|Canceled/ }).waitFor({ timeout: 60_000 });
  await page.waitForLoadState();
}

/** Chooses everyone whom the address shows, and an action. */
async function everyone({ page }, query, action) {
  await page.goto(`/admin/users${query}`);
  await page.locator('[data-bulk-all]').check();
  await page.getByLabel('Action', { exact: true }).selectOption(action);
  await press(page, 'Continue…');
}

const status = async (api, key) => (await api.do('GET', `/users?mfa_status=${key}&limit=200`)).items;

/** From a file to a report: what an administrator does to a whole organization. */
export async function story(world, step) {
  const ada = await setUpQuickly(world);
  Object.assign(ada, { page: (await world.window()).page });
  const api = await world.api(ada.email);
  const people = [];

  await step('the administrator signs in, enables TOTP and sets up mail', async () => {
    await signIn(ada);
    await enableTotp(ada);
    await setUpMail(ada, world.mailbox, 'plain');
  });

  await step('a file of a thousand users is shown first, with the rows that can\'t be used', async () => {
    await ada.page.goto('/admin/users/import');
    await ada.page.getByLabel('Activate now').check();
    await upload(ada.page, 'people.csv', file(COUNT));
    await press(ada.page, 'Check the file');
    await assertHeading(ada.page, 'Import users');
    await assertSays(ada.page, '1,000 users will be made; 3 rows can\'t be used');
    await assertSays(ada.page, 'Another user has this username.');
    await assertSays(ada.page, 'Days must be between 1 and 365.');
    await keepPicture(ada.page, 'import.png');
    assert.equal((await api.do('GET', '/users')).items.length, 0);
  });

  await step('confirmed, it makes what it showed and nothing else', async () => {
    await press(ada.page, 'Import 1,000 users');
    await ended(ada);
    await assertSays(ada.page, 'Done, 3 skipped');
    await ada.page.goto('/admin/users');
    await assertSays(ada.page, '1,000 users');
    await until('all registration mails', () => world.mailbox.mails.filter((mail) => mail.to[0].startsWith('u') && mail.subject.includes('account')).length === COUNT, 90);
  });

  await step('three of them set MFA up by themselves before anybody asks', async () => {
    for (const n of [0, 1, 2]) {
      const person = await registerQuickly(world, { email: `u${n}@acme.test` });
      await person.visitor.post('/security/mfa/start', {});
      await enrollQuickly(person);
      people.push(person);
    }
    assert.equal((await status(api, 'optional')).length, 3);
  });

  await step('MFA is required of everybody, and the forecast says what that means', async () => {
    await everyone(ada, '', 'require_mfa');
    await assertSays(ada.page, '997 users: the period starts, told by e-mail.');
    await assertSays(ada.page, '3 users: MFA is set up already and kept.');
    await fill(ada.page, { 'Days to set up MFA': '366' });
    await press(ada.page, 'Require MFA of 1,000 users');
    await assertSays(ada.page, 'Days must be between 1 and 365.');
    await fill(ada.page, { 'Days to set up MFA': '3' });
    await keepPicture(ada.page, 'bulk.png');
    await press(ada.page, 'Require MFA of 1,000 users');
    await ended(ada);
    await keepPicture(ada.page, 'job.png');
    assert.equal((await status(api, 'active')).length, 3);
    await until('all mails', () => world.mailbox.mails.filter((mail) => mail.subject === 'MFA is now required').length === 997, 90);
  });

  await step('once more does nothing to anybody, and says so', async () => {
    await everyone(ada, '', 'require_mfa');
    await press(ada.page, 'Require MFA of 1,000 users');
    await ended(ada);
    await assertSays(ada.page, 'MFA is required already, with an earlier deadline.');
    assert.equal(world.mailbox.mails.filter((mail) => mail.subject === 'MFA is now required').length, 997);
  });

  await step('the day before, everyone who has not is reminded once', async () => {
    world.clock.advance({ days: 2, minutes: 5 });
    const reminded = () => world.mailbox.mails.filter((mail) => /left to set up MFA/.test(mail.subject));
    await until('all reminders', () => reminded().length >= 997, 120);
    assert.equal(new Set(reminded().map((mail) => mail.to[0])).size, 997);
    assert.equal(reminded().length, 997);
    const { mails, lines } = world.mailbox;
    assert.ok(lines < mails.length / 10, `${mails.length} mails came over ${lines} connections`);
  });

  await step('after the deadline they are locked out, and each status is seen on screen, by filter and by API', async () => {
    world.clock.advance({ days: 1 });
    await signIn(ada);
    const [first, second, third] = await status(api, 'expired');
    await api.do('DELETE', `/users/${first.id}/mfa/requirement`);
    await api.do('PUT', `/users/${second.id}/mfa/requirement`, { enrollment_days: null });
    await api.do('POST', `/users/${third.id}/mfa/extend`, { enrollment_days: 5 });
    const enrolled = await status(api, 'active');
    await api.do('DELETE', `/users/${enrolled[0].id}/mfa/requirement`);
    const expected = { active: 2, enrolling: 1, expired: 994, optional: 1, required_without_period: 1, none: 1 };
    for (const [key, words] of Object.entries(WORDS)) {
      await ada.page.goto(`/admin/users?mfa_status=${key}`);
      await assertSays(ada.page, expected[key] === 1 ? '1 user' : `${expected[key]} users`);
      assert.equal(await ada.page.locator('tbody .padlock .words').first().innerText(), words);
      const found = await status(api, key);
      assert.equal(found.length, Math.min(expected[key], 200), key);
      assert.ok(found.every((user) => user.mfa.status === key));
    }
    await ada.page.goto('/admin/users?mfa_requirement=required&mfa_status=inactive');
    await assertSays(ada.page, '996 users');
  });

  await step('a reset of all needs a reason and ends with a report', async () => {
    await everyone(ada, '', 'reset_mfa');
    await assertSays(ada.page, '3 users: the present authenticator stops working');
    await press(ada.page, 'Reset MFA for 1,000 users');
    assert.match(await ada.page.locator('#reason-error').innerText(), /Reason/);
    await fill(ada.page, { Reason: 'new phones for everybody' });
    await press(ada.page, 'Reset MFA for 1,000 users');
    await ended(ada);
    await assertSays(ada.page, 'Done, 997 skipped');
    await assertSays(ada.page, 'MFA is not set up, so there is nothing to reset.');
    const [download] = await Promise.all([ada.page.waitForEvent('download'), ada.page.getByRole('link', { name: 'CSV' }).click()]);
    const parts = [];
    for await (const part of await download.createReadStream()) parts.push(part);
    const lines = Buffer.concat(parts).toString().trim().split('\r\n');
    assert.equal(lines.length, COUNT + 1);
    assert.equal(lines.filter((line) => line.includes(',done,')).length, 3);
  });

  await step('the export has everybody', async () => {
    await ada.page.goto('/admin/users');
    const [download] = await Promise.all([
      ada.page.waitForEvent('download'), ada.page.getByRole('link', { name: 'Export CSV' }).click(),
    ]);
    const parts = [];
    for await (const part of await download.createReadStream()) parts.push(part);
    assert.equal(Buffer.concat(parts).toString().trim().split('\r\n').length, COUNT + 1);
  });

  await step('a ticked row is a selection, and nobody is none', async () => {
    await ada.page.goto('/admin/users?search=u77');
    await ada.page.getByLabel('Select User Number 77', { exact: true }).check();
    await ada.page.getByLabel('Action', { exact: true }).selectOption('suspend');
    await press(ada.page, 'Continue…');
    await assertHeading(ada.page, 'Suspend: 1 user');
    await press(ada.page, 'Suspend 1 user');
    await ended(ada);
    await ada.page.goto('/admin/users?state=suspended');
    await assertSays(ada.page, 'u77@acme.test');
    await ada.page.goto('/admin/users');
    await press(ada.page, 'Continue…');
    await assertSays(ada.page, 'Nobody is chosen.');
  });

  await step('nothing was complained about, and no secret is in the log', async () => {
    assert.deepEqual(world.complaints(), []);
    assert.deepEqual(world.secrets.in(world.server.logs), []);
    assert.match(await world.server.command('audit', 'verify'), /^The log is whole/);
  });
}
