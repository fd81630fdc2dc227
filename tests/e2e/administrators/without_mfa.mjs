import assert from 'node:assert/strict';
import { addAdministrator, setFirstPassword } from '../lib/administrator.mjs';
import { enroll } from '../lib/enrollment.mjs';
import { answered, assertHeading, assertSays, follow, press } from '../lib/forms.mjs';
import { Person } from '../lib/person.mjs';
import { givePassword, signIn, signOut } from '../lib/sign_in.mjs';

const WIDGET = /^Admins Without MFA Required/;

/** An administrator without MFA, who is then required to have it (S6.5–S6.7). */
export async function withoutMfa(world, step, ada) {
  const { page } = await world.window();
  const bob = new Person(world, { page, email: 'bob@acme.test', password: 'amber window harvest 58', portal: '/admin' });

  await step('an administrator is added without MFA, chooses a password by the mailed link, and signs in with it alone', async () => {
    bob.id = await addAdministrator(ada, { email: bob.email, role: 'Administrator', mfa: 'not required' });
    await setFirstPassword(world, bob);
    await assertHeading(page, 'Home');
    await signOut(bob);
    await givePassword(bob);
    await assertHeading(page, 'Home');
  });

  await step('Home counts the administrators without MFA, and its list requires it of them', async () => {
    await ada.page.goto('/admin');
    const widget = ada.page.getByRole('link', { name: WIDGET });
    assert.match(await widget.innerText(), /\b1\b/);
    await answered(ada.page, () => widget.click());
    await ada.page.getByLabel('Select bob@acme.test').check();
    await press(ada.page, 'Require MFA…');
    await press(ada.page, 'Require MFA');
    await assertSays(ada.page, 'MFA is required of every administrator.');
    await world.mailbox.next(bob.email, 'MFA is now required for your administrator account');
  });

  await step('the open session shows nothing but the wizard; set up, the code is asked for', async () => {
    await answered(page, () => page.goto('/admin/users'));
    await assertHeading(page, 'Set up MFA');
    await enroll(bob);
    await assertHeading(page, 'Home');
    await signOut(bob);
    await signIn(bob);
    await assertHeading(page, 'Home');
  });

  await step('a widget that is switched off is gone for that administrator alone', async () => {
    await bob.page.goto('/admin/home/widgets');
    await bob.page.getByLabel('Admins Without MFA Required').uncheck();
    await press(bob.page, 'Save');
    await bob.page.goto('/admin');
    assert.equal(await bob.page.getByRole('link', { name: WIDGET }).count(), 0);
    await ada.page.goto('/admin');
    assert.equal(await ada.page.getByRole('link', { name: WIDGET }).count(), 1);
    await follow(ada.page, 'Settings');
  });

  return bob;
}
