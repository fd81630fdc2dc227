import { addUser } from '../lib/administrator.mjs';
import { assertHeading, assertSays, fill, follow, press } from '../lib/forms.mjs';
import { givePassword } from '../lib/sign_in.mjs';

/** Signing in, adding a user and confirming something where scripts don't run. */
export async function withoutScript(t, { world, ada }) {
  const { page } = await world.window({ script: false });
  const person = Object.assign(ada, { page });

  await t.test('without script an administrator signs in', async () => {
    await givePassword(person);
    await fill(page, { Code: person.freshCode().replace(/^.../, '$& ') });
    await press(page, 'Verify');
    await assertHeading(page, 'Home');
  });

  await t.test('without script a user is added', async () => {
    await addUser(person, { first: 'Nils', last: 'Noor', email: 'nils@acme.test', username: 'nils', days: 4 });
    await assertHeading(page, 'Nils Noor');
    await assertSays(page, '4 days left');
  });

  await t.test('without script a question is a page of its own', async () => {
    await page.locator('main summary', { hasText: 'MFA' }).click();
    await follow(page, 'Extend the period…');
    await fill(page, { 'Days to set up MFA': '9' });
    await press(page, 'Extend');
    await assertSays(page, '13 days left');
  });
}
