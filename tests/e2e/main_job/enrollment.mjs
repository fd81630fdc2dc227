import assert from 'node:assert/strict';
import { addUser } from '../lib/administrator.mjs';
import { beginEnrollment, finishEnrollment } from '../lib/enrollment.mjs';
import { assertHeading, assertSays, heading, messageAt, typeCode } from '../lib/forms.mjs';
import { linkIn } from '../lib/mailbox.mjs';
import { giveCode, givePassword, signOut } from '../lib/sign_in.mjs';
import { newcomer, putOff, register } from '../lib/user.mjs';

/** A user from the first mail to signing in with a code. */
export async function enrollment(world, step, ada) {
  const { mailbox, server } = world;
  const alice = await newcomer(world, { email: 'alice@acme.test' });
  const { page } = alice;

  await step('a user is added with MFA required in 7 days, and two mails arrive', async () => {
    alice.id = await addUser(ada, { first: 'Alice', last: 'Ames', email: alice.email, username: 'alice', days: 7 });
    await assertSays(ada.page, 'In enrollment period');
    await assertSays(ada.page, '7 days left');
    const required = await mailbox.next(alice.email, 'MFA is now required');
    assert.match(required.text, /You have 7 days to set it up/);
    assert.ok(linkIn(required).startsWith(server.url));
  });

  await step('the registration link sets the password, and the prompt says 7 days', async () => {
    await register(world, alice);
    await assertHeading(page, 'Set up MFA');
    await assertSays(page, '7 days');
  });

  await step('the prompt can be put off, and Home tells the days remaining', async () => {
    await putOff(alice);
    assert.equal(new URL(page.url()).pathname, '/');
    await assertSays(page, '7 days left to set up MFA');
    await signOut(alice);
  });

  await step('the QR code is read from the screen, and the wizard outlives a restart of the server', async () => {
    await givePassword(alice);
    const secret = await beginEnrollment(alice, 'I have an app');
    assert.equal(await server.restart(), 0);
    await page.goto('/enroll/code');
    alice.setSecret(secret);
    await typeCode(page, alice.badCode());
    assert.match(await messageAt(page, 'code'), /^That code is not right\./);
    await page.goto('/enroll/scan');
    await finishEnrollment(alice, secret);
    assert.equal(new URL(page.url()).pathname, '/');
    await mailbox.next(alice.email, 'MFA was set up');
  });

  await step('after the restart the administrator is still signed in', async () => {
    await ada.page.goto(`/admin/users/${alice.id}`);
    await assertHeading(ada.page, 'Alice Ames');
    await assertSays(ada.page, 'MFA active');
  });

  await step('signing in asks for the code; a wrong one, the one used at setup and a used one are refused', async () => {
    const atSetup = alice.lastCode;
    await signOut(alice);
    await givePassword(alice);
    await giveCode(alice, atSetup);
    assert.equal(await messageAt(page, 'code'), 'This code was already used. Wait for the next one.');
    await typeCode(page, alice.badCode());
    assert.equal(await messageAt(page, 'code'), 'That code is not right.');
    const code = alice.freshCode();
    await typeCode(page, code);
    assert.equal(await heading(page), 'Hello, Alice');
    await signOut(alice);
    await givePassword(alice);
    await giveCode(alice, code);
    assert.equal(await messageAt(page, 'code'), 'This code was already used. Wait for the next one.');
    await typeCode(page, alice.freshCode());
    assert.equal(await heading(page), 'Hello, Alice');
  });

  return alice;
}
