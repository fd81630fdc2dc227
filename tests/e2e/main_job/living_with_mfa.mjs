import assert from 'node:assert/strict';
import { finishEnrollment, readRecoveryCodes, scan } from '../lib/enrollment.mjs';
import { assertHeading, assertSays, fill, follow, heading, messageAt, press } from '../lib/forms.mjs';
import { linkIn } from '../lib/mailbox.mjs';
import { giveCode, givePassword, signIn, signOut } from '../lib/sign_in.mjs';

async function giveRecoveryCode({ page }, code) {
  await fill(page, { 'Recovery code': code });
  await press(page, 'Verify');
}

/** What a user does once MFA is set up: the phone is not at hand, and there is a new one. */
export async function livingWithMfa(world, step, alice) {
  const { page } = alice;

  await step('a recovery code signs in once, in whatever case, and its use is mailed', async () => {
    const [code] = alice.recoveryCodes;
    await signOut(alice);
    await givePassword(alice);
    await follow(page, 'Use a recovery code');
    await giveRecoveryCode(alice, code.toLowerCase().replaceAll('-', ' '));
    assert.equal(await heading(page), 'Hello, Alice');
    const mail = await world.mailbox.next(alice.email, 'A recovery code was used');
    assert.match(mail.text, /You have 9 recovery codes left\./);
    await signOut(alice);
    await givePassword(alice);
    await follow(page, 'Use a recovery code');
    await giveRecoveryCode(alice, code);
    assert.equal(await messageAt(page, 'recovery_code'), 'This recovery code was already used. Take another one.');
    await follow(page, 'Use a code from your app');
    await giveCode(alice);
    await page.goto('/security');
    await assertSays(page, '9 recovery codes left');
  });

  await step('the link "It was not me" asks before it does anything', async () => {
    const [mail] = world.mailbox.to(alice.email, 'A recovery code was used');
    const link = linkIn(mail);
    world.secrets.add('link token', link.split('/').at(-1));
    await page.goto(link);
    await assertHeading(page, 'Was it not you?');
    await page.goto('/security');
    await assertHeading(page, 'Password & Security');
  });

  await step('new recovery codes cost a current code', async () => {
    const old = alice.recoveryCodes;
    await follow(page, 'Make new codes');
    await fill(page, { 'Current code': alice.freshCode() });
    await press(page, 'Make new codes');
    await readRecoveryCodes(alice);
    assert.ok(alice.recoveryCodes.every((code) => !old.includes(code)));
    await follow(page, 'I saved them');
    await assertSays(page, '10 recovery codes left');
  });

  await step('a new phone takes the place of the old one, for password and code', async () => {
    await follow(page, 'Replace authenticator');
    await fill(page, { 'Current password': alice.password, 'Current code': alice.freshCode() });
    await press(page, 'Continue');
    await finishEnrollment(alice, await scan(alice));
    assert.equal(await heading(page), 'Hello, Alice');
    await world.mailbox.next(alice.email, 'MFA was set up');
    await signOut(alice);
    await signIn(alice);
    assert.equal(await heading(page), 'Hello, Alice');
  });
}
