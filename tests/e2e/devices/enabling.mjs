import assert from 'node:assert/strict';
import { keepPicture } from '../lib/browser.mjs';
import { assertHeading, assertSays, follow, press } from '../lib/forms.mjs';
import { signIn } from '../lib/sign_in.mjs';

/** MFA is enabled by an administrator with a browser, who is asked which first factor to keep (S8.9). */
export async function enabledInThePortal(scene, step) {
  const { ada, world } = scene;

  await step('the portal shows the device, and who is enrolled (S8.2)', async () => {
    Object.assign(ada, { page: (await world.window()).page });
    await signIn(ada);
    const { page } = ada;
    await page.goto('/admin/devices');
    await follow(page, 'device');
    await assertSays(page, 'MFA Login Disabled');
    await page.goto(`/admin/devices/${scene.device}/users`);
    const rows = await page.locator('main tbody tr').allInnerTexts();
    const of = (name) => rows.find((row) => row.includes(`${name}@acme.test`));
    assert.deepEqual(['alice', 'bob'].map((name) => /not enrolled/i.test(of(name))), [false, true], rows.join('\n'));
  });

  await step('enabling stops and asks which first factor to keep, and tells beforehand what would happen (S8.7, S8.9)', async () => {
    const { page } = ada;
    await page.goto(`/admin/devices/${scene.device}/mfa`);
    await assertSays(page, 'Which goes before the code at SSH?');
    await keepPicture(page, 'device-mfa.png');
    await press(page, 'Enable MFA');
    await assertHeading(page, 'Enable MFA on device');
    assert.equal((await scene.about()).mfa.status, 'off');
    await page.getByLabel('Password', { exact: false }).first().check();
    await press(page, 'Enable MFA');
    await scene.mfaIs('on');
    await page.reload();
    await assertSays(page, 'MFA Login Enabled');
    assert.deepEqual(world.complaints(), []);
  });
}

/** The same by the API. */
export async function enabledByTheApi(scene, step, people) {
  await step('the API asks which first factor to keep, and the preview tells what would happen (S8.7, S8.9)', async () => {
    const preview = await scene.api.do('POST', '/devices/mfa/preview', { ids: [scene.device], ssh_first_factors: 'password' });
    const outcomes = Object.fromEntries(preview.devices[0].people.map(({ email, outcome }) => [email, outcome]));
    assert.equal(outcomes[people.alice.email], 'asked');
    assert.equal(outcomes[people.bob.email], 'first_factor_alone');
    const asked = await scene.api.call('PUT', `/devices/${scene.device}/mfa`, { enabled: true });
    assert.equal(asked.status, 409);
    assert.match(asked.body.type, /ssh_methods_conflict$/);
    assert.equal((await scene.about()).mfa.status, 'off');
    await scene.setMfa({ enabled: true, ssh_first_factors: 'password' });
    await scene.mfaIs('on');
  });
}
