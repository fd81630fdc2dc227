import assert from 'node:assert/strict';
import { sendTestMail, setUpMail } from '../lib/administrator.mjs';
import { text } from '../lib/forms.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { signIn } from '../lib/sign_in.mjs';

/** A mail server whose certificate nobody vouches for. */
export async function mailServer(t, { world, ada }) {
  const { page } = await world.window();
  const person = Object.assign(ada, { page });
  await signIn(person);
  for (const encryption of ['implicit', 'starttls']) {
    await t.test(`a test mail tells that the certificate is not to be trusted (${encryption}), and nothing is sent`, async () => {
      const stranger = await Mailbox.open(encryption);
      await setUpMail(person, stranger, encryption);
      assert.ok(await sendTestMail(person, ada.email) >= 400);
      const said = await text(page);
      await stranger.close();
      assert.match(said, /The mail server didn't take the test: .*certificate/);
      assert.equal(stranger.mails.length, 0);
    });
  }
}
