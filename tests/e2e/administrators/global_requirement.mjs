import assert from 'node:assert/strict';
import { addAdministrator } from '../lib/administrator.mjs';
import { answered, assertHeading, assertSays, press } from '../lib/forms.mjs';

const SWITCH = 'Multi-Factor Authentication Required';

/** The Global MFA Requirement in both directions (S6.4). */
export async function globalRequirement(world, step, { ada, bob }) {
  const { page } = ada;

  const turn = async (direction) => {
    await page.goto('/admin/settings/security');
    await page.getByRole('link', { name: direction }).click();
    const dialog = page.getByRole('dialog');
    await answered(page, () => dialog.getByRole('button').last().click());
  };

  const switchOf = async ({ id }) => {
    await page.goto(`/admin/administrators/${id}`);
    const box = page.getByLabel(SWITCH);
    return { on: await box.isChecked(), fixed: await box.isDisabled() };
  };

  await step('on: whoever is free is required and mailed, and the switches are fixed on', async () => {
    const carol = { id: await addAdministrator(ada, { email: 'carol@acme.test', role: 'Read Only', mfa: 'not required' }) };
    assert.deepEqual(await switchOf(carol), { on: false, fixed: false });
    await turn('Turn on…');
    await assertSays(page, 'The switch on each administrator\'s page is fixed on.');
    await world.mailbox.next('carol@acme.test', 'MFA is now required');
    for (const each of [carol, bob]) assert.deepEqual(await switchOf(each), { on: true, fixed: true });
    await page.goto('/admin/administrators/new');
    assert.ok(await page.getByLabel(SWITCH).isDisabled());
    bob.carol = carol;
  });

  await step('off: everyone stays required, and the switches can be edited again', async () => {
    await turn('Turn off…');
    for (const each of [bob.carol, bob]) assert.deepEqual(await switchOf(each), { on: true, fixed: false });
    await page.goto(`/admin/administrators/${bob.carol.id}`);
    await page.getByLabel(SWITCH).uncheck();
    await press(page, 'Save security');
    assert.deepEqual(await switchOf(bob.carol), { on: false, fixed: false });
  });

  await step('the last Administrator with Billing can be neither suspended nor deleted', async () => {
    await page.goto('/admin/administrators');
    await answered(page, () => page.getByRole('link', { name: /ada@acme\.test/ }).click());
    assert.equal(await page.getByRole('link', { name: 'Delete…' }).count(), 0);
    await assertHeading(page, 'Ada Admin');
  });
}
