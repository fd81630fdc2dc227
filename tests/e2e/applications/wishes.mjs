import assert from 'node:assert/strict';
import { assertHeading, assertSays, typeCode } from '../lib/forms.mjs';
import { assertSignedOut, comes, forget, leavePortal, open, posted, seen, showWhoItIs } from './visit.mjs';

/** What a provider wishes of the sign-in: that somebody shows anew who they are, or that nobody is asked anything. */
export async function wishes({ alice }, provider, step) {
  const { page } = alice;

  await step(`${provider.name}: who is signed in gives a code once more where it asks for that (ForceAuthn)`, async () => {
    await page.goto('/');
    await showWhoItIs(alice);
    await open(page, provider, '/anew', "Confirm it's you");
    const told = await posted(page, provider, async () => {
      await typeCode(page, alice.badCode());
      await assertHeading(page, "Confirm it's you");
    });
    assert.deepEqual(told, []);
    await typeCode(page, alice.freshCode());
    await comes(page, 'Signed in');
    assert.equal((await seen(page)).email, 'alice@acme.test');
  });

  await step(`${provider.name}: who is signed in is asked nothing where it asks for that (IsPassive)`, async () => {
    await forget(page, provider);
    await open(page, provider, '/quietly', 'Signed in');
  });

  await step(`${provider.name}: who isn't is asked nothing either, and it is told that nobody was`, async () => {
    await leavePortal(alice);
    await assertSays(page, 'You are signed out.');
    const told = await posted(page, provider, () => open(page, provider, '/quietly', 'Outside'));
    assert.equal(told.length, 1);
    await assertSignedOut(page, provider);
  });
}
