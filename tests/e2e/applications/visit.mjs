import assert from 'node:assert/strict';
import { assertHeading, fill, press } from '../lib/forms.mjs';
import { giveCode } from '../lib/sign_in.mjs';

export const DEEP = '/private/reports/';

/** What the provider's page says of who looks at it. */
export async function seen(page) {
  const entries = await Promise.all(['path', 'name', 'email', 'groups'].map(async (id) => [id, (await page.locator(`#${id}`).innerText()).trim()]));
  return Object.fromEntries(entries);
}

/** Password and code on the page that the provider led to. */
export async function showWhoItIs(person) {
  const { page, email, password } = person;
  await assertHeading(page, 'Sign in');
  await fill(page, { 'E-mail or username': email, Password: password });
  await press(page, 'Sign in');
  await giveCode(person);
}

/** Opens a page of the provider and waits for where the browser comes to rest. */
export async function open(page, provider, path, heading) {
  await page.goto(`${provider.url}${path}`);
  await comes(page, heading);
}

/** Waits until a page with this heading is there; pages that only lead on are none. */
export async function comes(page, heading) {
  try {
    await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
    await page.waitForLoadState();
  } catch {
    assert.fail(`"${heading}" did not come, but ${page.url()} says:\n${(await page.locator('body').innerText()).slice(0, 1_500)}`);
  }
}

/** Whoever is not signed in at the provider is led to our sign-in. */
export const assertSignedOut = (page, provider) => open(page, provider, DEEP, 'Sign in');

/** The browser comes to the provider as if for the first time. */
export const forget = (page, provider) => page.context().clearCookies({ domain: new URL(provider.url).hostname });

export async function openTile({ page }, name) {
  await page.goto('/');
  await page.locator('a.tile', { hasText: name }).click();
}

/** Signs out at the User Portal and waits for the end of the way. */
export async function leavePortal(person) {
  await person.page.goto('/');
  await person.page.locator('summary[aria-label^="Account"]').click();
  await person.page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await comes(person.page, 'Sign in');
}

/** Everything that the window posts to the provider while `act` runs. */
export async function posted(page, provider, act) {
  const found = [];
  const note = (request) => { if (request.method() === 'POST' && request.url().startsWith(provider.url)) found.push(request.url()); };
  page.on('request', note);
  try {
    await act();
  } finally {
    page.off('request', note);
  }
  return found;
}

