import { answered, assertHeading, fill, press, typeCode } from './forms.mjs';

/** Gives name and password, and stays on the page that follows. */
export async function givePassword(person, password = person.password) {
  const { page, portal, email } = person;
  await page.goto(`${portal}/sign-in`);
  await fill(page, { [portal ? 'E-mail' : 'E-mail or username']: email, Password: password });
  return press(page, 'Sign in');
}

export async function giveCode(person, code = person.freshCode()) {
  await assertHeading(person.page, 'Verify Your Identity');
  return typeCode(person.page, code);
}

export async function signIn(person) {
  await givePassword(person);
  await giveCode(person);
}

export async function signOut({ page }) {
  await page.locator('summary[aria-label^="Account"]').click();
  await answered(page, () => page.getByRole('button', { name: 'Sign out', exact: true }).click());
}
