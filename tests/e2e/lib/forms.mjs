import assert from 'node:assert/strict';

const isRedirect = (status) => status >= 300 && status < 400;

/** Does something that leads to another page, waits for it, and gives its status. */
export async function answered(page, action) {
  const arrived = page.waitForResponse((answer) =>
    answer.request().isNavigationRequest() && answer.frame() === page.mainFrame() && !isRedirect(answer.status()));
  const loaded = page.waitForEvent('load');
  const [answer] = await Promise.all([arrived, loaded, action()]);
  return answer.status();
}

export const press = (page, name) => answered(page, () => page.getByRole('button', { name, exact: true }).click());

export const follow = (page, name) => answered(page, () => page.getByRole('link', { name, exact: true }).first().click());

/** The label of a field, which may be optional. */
export const labeled = (label) => new RegExp(`^${label.replace(/[&().]/g, '\\$&')}( \\(optional\\))?$`);

/** Fills fields by their labels, wherever in the page or in a part of it. */
export async function fill(part, values) {
  for (const [label, value] of Object.entries(values)) await part.getByLabel(labeled(label)).fill(value);
}

/** Types a code as a person does; the sixth digit sends the form. */
export const typeCode = (page, code, label = 'Code') =>
  answered(page, () => page.getByLabel(label, { exact: true }).pressSequentially(code));

export const heading = (page) => page.getByRole('heading', { level: 1 }).innerText();

export async function assertHeading(page, expected) {
  assert.equal(await heading(page), expected, `at ${page.url()}`);
}

/** The message beside a field. */
export const messageAt = (page, field) => page.locator(`#${field}-error`).innerText();

export const text = (page) => page.locator('main').innerText();

export async function assertSays(page, expected) {
  const said = await text(page);
  assert.ok(said.includes(expected), `"${expected}" is not on ${page.url()}, which says:\n${said}`);
}
