import assert from 'node:assert/strict';
import { assertHeading } from '../lib/forms.mjs';
import { DEEP, assertSignedOut, comes, forget, open, seen, showWhoItIs } from '../applications/visit.mjs';

/** What a person does at a site that leaves signing in to us: in by password and code, in again without, and out. */
export async function siteStory(scene, step, Kind) {
  const { alice, world } = scene;
  const site = await scene.site(Kind);
  const { name } = site;

  await step(`${name}: password and code lead to the page that was asked for, and it knows who it is`, async () => {
    const client = await scene.application(name, 'confidential', site);
    await site.start({ issuer: world.server.url, ...client });
    await open(alice.page, site, DEEP, 'Sign in');
    await showWhoItIs(alice);
    await comes(alice.page, 'Signed in');
    const shown = await seen(alice.page);
    assert.match(shown.path, /^\/private\/reports\//);
    assert.deepEqual([shown.name, shown.email, shown.groups], ['pwd,otp,mfa', 'alice@acme.test', 'R&D <Staff>']);
  });

  await step(`${name}: whoever is in already isn't asked again`, async () => {
    await forget(alice.page, site);
    await open(alice.page, site, DEEP, 'Signed in');
  });

  await step(`${name}: a log-out there ends the session there and here`, async () => {
    await open(alice.page, site, site.signOutPath, 'Outside');
    await assertSignedOut(alice.page, site);
    await alice.page.goto('/');
    await assertHeading(alice.page, 'Sign in');
  });
}
