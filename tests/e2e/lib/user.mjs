import { assertHeading, fill, press } from './forms.mjs';
import { linkIn } from './mailbox.mjs';
import { Person } from './person.mjs';

/** Somebody new with a browser of their own. */
export async function newcomer(world, { email, password = 'copper meadow whistle 17' }, window = {}) {
  const { page } = await world.window(window);
  return new Person(world, { page, email, password });
}

async function registrationLink(world, person, organization) {
  const link = linkIn(await world.mailbox.next(person.email, `Your ${organization} account`));
  person.secrets.add('link token', link.split('/').at(-1));
  return link;
}

/** Sets the first password through the mailed link, which also signs in. */
export async function register(world, person, organization = 'Acme') {
  const { page, password } = person;
  await page.goto(await registrationLink(world, person, organization));
  await fill(page, { 'New password': password });
  await press(page, 'Set password');
}

/** Dismisses the prompt and lands on Home. */
export async function putOff({ page }) {
  await assertHeading(page, 'Set up MFA');
  await press(page, 'Not now');
}
