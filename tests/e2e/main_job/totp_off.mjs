import assert from 'node:assert/strict';
import { enableTotp } from '../lib/administrator.mjs';
import { answered, assertHeading, assertSays, heading, press } from '../lib/forms.mjs';
import { giveCode, givePassword, signOut } from '../lib/sign_in.mjs';

async function askToDisable({ page }, typed) {
  await page.goto('/admin/mfa/totp/disable');
  await page.locator('input[name="organization"]').fill(typed);
  return press(page, 'Disable TOTP');
}

/** TOTP off for the organization and on again. */
export async function totpOff(world, step, { ada, alice }) {
  await step('TOTP is disabled only by typing the name of the organization, and the administrators are told', async () => {
    assert.equal(await askToDisable(ada, 'Acne'), 422);
    assert.equal(await askToDisable(ada, 'Acme'), 200);
    await assertSays(ada.page, 'Disabled');
    await world.mailbox.next(ada.email, 'TOTP was disabled for Acme');
  });

  await step('while it is disabled no user is asked for a code, and none can be required to', async () => {
    await signOut(alice);
    await givePassword(alice);
    assert.equal(await heading(alice.page), 'Hello, Alice');
    await ada.page.goto('/admin/users/new');
    const box = ada.page.getByLabel('Require Multi-factor Authentication on the User Portal');
    assert.ok(await box.isDisabled());
    await assertSays(ada.page, 'TOTP is disabled for the organization.');
  });

  await step('enabled again, everything is in force as before', async () => {
    await enableTotp(ada);
    await answered(alice.page, () => alice.page.goto('/security'));
    await assertHeading(alice.page, 'Verify Your Identity');
    await giveCode(alice);
    assert.equal(await heading(alice.page), 'Hello, Alice');
  });
}
