import assert from 'node:assert/strict';
import { enableTotp, sendTestMail, setSupportContact, setUpMail, setUpOrganization } from '../lib/administrator.mjs';
import { enroll } from '../lib/enrollment.mjs';
import { assertHeading, assertSays } from '../lib/forms.mjs';
import { Person } from '../lib/person.mjs';

export const SUPPORT = 'the IT desk, room 4.12';

/** From an empty database to an organization whose users can be asked for codes. */
export async function firstRun(world, step) {
  const { page } = await world.window();
  const ada = new Person(world, { page, email: 'ada@acme.test', password: 'violet harbor lantern 42', portal: '/admin' });

  await step('a fresh server shows no sign-in page until the setup link was used', async () => {
    for (const path of ['/', '/sign-in', '/admin', '/admin/sign-in', '/admin/users']) {
      await page.goto(path);
      assert.equal(await page.locator('input[type="password"]').count(), 0, path);
    }
  });

  await step('the setup link opens the wizard, and the QR code on the screen gives the administrator MFA', async () => {
    await setUpOrganization(ada, world.server.setupLink, 'Acme');
    await enroll(ada);
    await assertHeading(page, 'Home');
    await assertSays(page, 'Get started');
  });

  await step('the setup link is dead once it was used', async () => {
    await page.goto(world.server.setupLink);
    assert.equal(await page.locator('form input[name="organization"]').count(), 0);
  });

  await step('a test mail arrives at the mail server that was set up', async () => {
    await setUpMail(ada, world.mailbox, 'plain');
    await sendTestMail(ada, ada.email);
    const mail = await world.mailbox.next(ada.email, 'Test mail from Acme');
    assert.deepEqual(mail.from, { name: 'Acme IT', address: 'claviger@acme.test' });
  });

  await step('TOTP is enabled and the support contact is set', async () => {
    await enableTotp(ada);
    await setSupportContact(ada, SUPPORT);
    await page.goto('/admin/settings/organization');
    assert.equal(await page.getByLabel('Support contact', { exact: true }).inputValue(), SUPPORT);
  });

  return ada;
}
