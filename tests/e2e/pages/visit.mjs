import assert from 'node:assert/strict';
import { fill, press } from '../lib/forms.mjs';
import { look } from '../lib/look.mjs';

/** Fills a form and sends it. */
export const sending = (button, values = {}) => async (page) => {
  await fill(page, values);
  return press(page, button);
};

/** The same with mistakes in it, which makes the page show its messages. */
export const refused = (button, values) => async (page) => {
  assert.ok(await sending(button, values)(page) >= 400, 'the form was taken');
};

/** Opens the menu of that name. */
export const opening = (selector) => (page) => page.locator(selector).click();

/** Opens a confirmation in a dialog. */
export const asking = (menu, item) => async (page) => {
  await page.locator('main summary', { hasText: menu }).click();
  await page.getByRole('link', { name: item }).click();
  await page.getByRole('dialog').waitFor();
};

/** Visits each page of a table; every one is a test of its own. */
export async function visitAll(t, window, table) {
  for (const [name, path, prepare = async () => {}, pictures] of table) {
    await t.test(`${name}: nothing in the way, at any width, light and dark`, async () => {
      await window.page.setViewportSize({ width: 1440, height: 900 });
      await window.page.goto(path);
      await prepare(window.page);
      assert.deepEqual(await look(window, pictures), []);
    });
  }
}
