import assert from 'node:assert/strict';
import { press } from '../lib/forms.mjs';
import { signIn } from '../lib/sign_in.mjs';

const color = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

/** Light and dark, by the system and by choice. */
export async function theme(t, { world, users }) {
  const { page } = await world.window({ theme: 'light' });
  await page.goto('/sign-in');
  const light = await color(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await color(page);

  await t.test('the theme follows the system until one is chosen, and the choice lasts', async () => {
    assert.notEqual(dark, light);
    await signIn(Object.assign(users.Bruno.person, { page }));
    await page.locator('summary[aria-label^="Account"]').click();
    await press(page, 'Light');
    assert.equal(await color(page), light);
    await page.goto('/security');
    assert.equal(await color(page), light);
  });

  await t.test('choosing a theme never leads to another site', async () => {
    const visitor = world.visitor();
    for (const target of ['https://evil.test/', '//evil.test', '/\\evil.test', '/\t/evil.test', '\t//evil.test', '/%09/evil.test']) {
      const { status, headers } = await visitor.post('/theme', { theme: 'dark', return: target });
      assert.equal(status, 303);
      assert.equal(new URL(headers.get('location'), visitor.url).origin, visitor.url, JSON.stringify(target));
    }
  });
}
