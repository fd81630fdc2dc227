import { assertSays } from '../lib/forms.mjs';
import { DEEP, assertSignedOut, leavePortal, open, showWhoItIs } from './visit.mjs';

/** One sign-in for all of them, and one log-out. */
export async function everywhere({ providers, alice }, step) {
  const { page } = alice;

  async function enterAll() {
    await page.goto('/');
    await showWhoItIs(alice);
    for (const provider of providers) await open(page, provider, DEEP, 'Signed in');
  }

  await step('one sign-in opens all of them, and a sign-out at the User Portal leads past all of them', async () => {
    await enterAll();
    await leavePortal(alice);
    await assertSays(page, 'You are signed out.');
    for (const provider of providers) await assertSignedOut(page, provider);
  });

  for (const first of providers) {
    await step(`a log-out at ${first.name} ends the sessions at all the others`, async () => {
      await enterAll();
      await open(page, first, first.signOutPath, 'Outside');
      for (const provider of providers) await assertSignedOut(page, provider);
    });
  }
}
