import assert from 'node:assert/strict';
import { answered, assertHeading, assertSays, labeled } from '../lib/forms.mjs';

const FAR = 80;

/** Presses Tab until the focus, which must be visible, is on the element. */
async function tabTo(page, element) {
  for (let n = 0; n < FAR; n += 1) {
    if (await element.evaluate((each) => each === document.activeElement && each.matches(':focus-visible'))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab doesn't lead to ${element} on ${page.url()}`);
}

async function type(page, label, value) {
  await tabTo(page, page.getByLabel(labeled(label)));
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(value);
}

async function choose(page, role, name) {
  await tabTo(page, page.getByRole(role, { name }).first());
  return answered(page, () => page.keyboard.press('Enter'));
}

async function signIn({ page, email, password, portal }, code) {
  await page.goto(`${portal}/sign-in`);
  await type(page, 'E-mail', email);
  await type(page, 'Password', password);
  await choose(page, 'button', 'Sign in');
  await tabTo(page, page.getByLabel('Code', { exact: true }));
  await answered(page, () => page.keyboard.type(code));
}

async function addUser(page) {
  await choose(page, 'link', /^Users/);
  await choose(page, 'link', 'Add a user');
  await type(page, 'First name', 'Gil');
  await type(page, 'Last name', 'Gray');
  await type(page, 'E-mail', 'gil@acme.test');
  await type(page, 'Username', 'gil');
  await tabTo(page, page.getByLabel('Require Multi-factor Authentication on the User Portal'));
  await page.keyboard.press('Space');
  assert.ok(await page.getByLabel('Days to set up MFA').isDisabled());
  await page.keyboard.press('Space');
  await type(page, 'Days to set up MFA', '5');
  await choose(page, 'button', 'Add user');
}

async function openAndLeaveDialog(page) {
  const menu = page.locator('main summary', { hasText: 'MFA' });
  await tabTo(page, menu);
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.ok(await menu.evaluate((each) => each === document.activeElement), 'the focus comes back to the menu');
}

/** Signing in and adding a user without a mouse. */
export async function byKeyboard(t, { world, ada }) {
  const { page } = await world.window();
  const person = Object.assign(ada, { page });

  await t.test('the keyboard alone signs in', async () => {
    await signIn(person, person.freshCode());
    await assertHeading(page, 'Home');
  });

  await t.test('the keyboard alone adds a user', async () => {
    await addUser(page);
    await assertHeading(page, 'Gil Gray');
    await assertSays(page, '5 days left');
  });

  await t.test('the keyboard opens a menu and a dialog, and Escape leaves it', () => openAndLeaveDialog(page));

  await t.test('a slash goes to the search, and the list narrows while typing', async () => {
    await page.goto('/admin/users');
    await page.keyboard.press('/');
    await page.keyboard.type('gray');
    await page.waitForURL('**/admin/users?search=gray');
    assert.equal(await page.locator('main tbody tr').count(), 1);
    assert.ok(await page.locator('#users-search').evaluate((field) => field === document.activeElement));
  });

  await t.test('the first Tab leads to a link past the navigation', async () => {
    await page.goto('/admin');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  });
}
