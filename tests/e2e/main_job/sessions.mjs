import assert from 'node:assert/strict';
import { decide } from '../lib/administrator.mjs';
import { answered, assertHeading, assertSays, heading, press } from '../lib/forms.mjs';
import { signInQuickly } from '../lib/seed.mjs';
import { givePassword, signIn } from '../lib/sign_in.mjs';

/** What ends a session. */
export async function sessions(world, step, { ada, alice }) {
  const elsewhere = () => alice.visitor.get('/security');

  await step('a user sees where they are signed in, and signs out everywhere else', async () => {
    alice.visitor = world.visitor();
    await signInQuickly(alice);
    assert.equal((await elsewhere()).status, 200);
    await alice.page.goto('/security');
    await press(alice.page, 'Sign out all others');
    assert.equal((await elsewhere()).location, '/sign-in');
    await assertHeading(alice.page, 'Password & Security');
  });

  await step('a suspension ends the sessions at once, and a right password is told that the account is not active', async () => {
    await decide(ada, alice.id, 'Actions', 'Suspend…');
    await answered(alice.page, () => alice.page.goto('/security'));
    await assertHeading(alice.page, 'Sign in');
    await givePassword(alice);
    await assertHeading(alice.page, 'Your account is not active');
  });

  await step('activated again, the user signs in with the same password and authenticator', async () => {
    await decide(ada, alice.id, 'Actions', 'Activate…');
    await assertSays(ada.page, 'MFA active');
    await signIn(alice);
    assert.equal(await heading(alice.page), 'Hello, Alice');
  });
}
