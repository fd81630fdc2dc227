import assert from 'node:assert/strict';
import { readRecoveryCodes, scan } from '../lib/enrollment.mjs';
import { answered, assertHeading, assertSays, fill, follow, press, typeCode } from '../lib/forms.mjs';
import { linkIn } from '../lib/mailbox.mjs';
import { giveCode, givePassword, signIn, signOut } from '../lib/sign_in.mjs';

/** An administrator who lost the phone gets in again by mail and password (S6.8). */
export async function lostPhone(world, step, { ada, bob }) {
  const mine = bob.page;
  let before;
  let link;

  const inAnotherBrowser = async () => {
    bob.page = (await world.window()).page;
    await signIn(bob);
    await assertHeading(bob.page, 'Home');
    const { page } = bob;
    bob.page = mine;
    return page;
  };

  const open = async (email, password) => {
    await fill(mine, { 'E-mail': email, Password: password });
    await press(mine, 'Set Up MFA');
  };

  await step('the code page mails a link, which asks for the e-mail and password of that account', async () => {
    before = await inAnotherBrowser();
    await signOut(bob);
    await givePassword(bob);
    await assertHeading(mine, 'Verify Your Identity');
    await press(mine, 'Reset or enroll');
    await assertHeading(mine, 'Check your mail');
    link = linkIn(await world.mailbox.next(bob.email, 'Set up MFA again'));
    world.secrets.add('link token', link.split('/').at(-1));
    await mine.goto(link);
    await open(ada.email, ada.password);
    assert.match(await mine.locator('body').innerText(), /That e-mail and password don't match this link\./);
    await open(bob.email, bob.password);
    await assertHeading(mine, 'Set up MFA');
  });

  await step('the old authenticator works until the new one is confirmed', inAnotherBrowser);

  await step('the new code completes the reset, every other session ends, and all are told', async () => {
    await press(mine, 'Continue');
    bob.setSecret(await scan(bob));
    await follow(mine, 'Next');
    await typeCode(mine, bob.freshCode());
    await assertHeading(mine, 'MFA reset was successful');
    await readRecoveryCodes(bob);
    await follow(mine, 'I saved them');
    await assertHeading(mine, 'Home');
    await answered(before, () => before.goto('/admin/users'));
    await assertHeading(before, 'Sign in to the Admin Portal');
    await world.mailbox.next(bob.email, 'MFA reset was successful');
    const told = await world.mailbox.next(ada.email, 'The MFA of ');
    assert.match(told.subject, /bob@acme\.test/);
  });

  await step('the link is dead once it was used', async () => {
    await mine.goto(link);
    await assertHeading(mine, 'This link is dead');
    await mine.goto('/admin');
  });

  await step('where the organization forbids it, the code page offers no link', async () => {
    await ada.page.goto('/admin/settings/security');
    await ada.page.locator('input[name="self_reset"][value="off"]').check();
    await press(ada.page, 'Save');
    await assertSays(ada.page, 'Your changes were saved.');
    await signOut(bob);
    await givePassword(bob);
    assert.equal(await mine.getByRole('button', { name: 'Reset or enroll' }).count(), 0);
    await giveCode(bob);
    await assertHeading(mine, 'Home');
  });
}
