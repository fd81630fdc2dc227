import assert from 'node:assert/strict';
import { assertHeading, assertSays, fill, follow, labeled, press } from '../lib/forms.mjs';
import { placeholder } from './placeholder.mjs';
import { DEEP, assertSignedOut, comes, forget, leavePortal, open, openTile, posted, seen, showWhoItIs } from './visit.mjs';

const GROUP = 'R&D <Staff>';
const NAMES = { email: /^alice@acme\.test$/, persistent: /^[A-Z2-7]{32}$/, transient: /^_?[\w-]{20,}$/ };

async function text(address) {
  const answer = await fetch(address);
  assert.equal(answer.status, 200, address);
  return answer.text();
}

/** Makes the application out of what the provider says of itself, and gives its id. */
async function add({ page }, provider) {
  await page.goto('/admin/applications/new');
  const buffer = Buffer.from(await text(`${provider.url}${provider.metadataPath}`));
  await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'metadata.xml', mimeType: 'text/xml', buffer });
  await press(page, 'Read metadata');
  const attributes = page.getByLabel(labeled('Attributes'));
  await attributes.fill(`${await attributes.inputValue()}\ngroups = groups`);
  await fill(page, { Name: provider.name, 'Start page': provider.startPage });
  await press(page, 'Add application');
  const [, id] = page.url().match(/\/admin\/applications\/([0-9a-f-]{20,})$/) ?? assert.fail(`no application but ${page.url()}`);
  return id;
}

/** What everybody does with an application, at this provider. */
export async function story(scene, step, Kind) {
  const { world, ada, alice, ben } = scene;
  const provider = await scene.provider(Kind);
  const { name } = provider;

  await step(`${name}: an administrator adds it from its own metadata and gives it to a group`, async () => {
    await provider.start(placeholder(provider.folder));
    const id = await add(ada, provider);
    await ada.page.getByLabel('Group', { exact: true }).selectOption({ label: GROUP });
    await press(ada.page, 'Give');
    await assertSays(ada.page, GROUP);
    provider.id = id;
    await provider.stop();
    await provider.start(await text(`${world.server.url}/saml/${id}/metadata`));
  });

  await step(`${name}: who begins there gives password and code, and gets to the page that was asked for`, async () => {
    await open(alice.page, provider, DEEP, 'Sign in');
    await showWhoItIs(alice);
    await comes(alice.page, 'Signed in');
    const shown = await seen(alice.page);
    assert.match(shown.path, /^\/private\/reports\//);
    assert.match(shown.name, NAMES[provider.names]);
    assert.deepEqual([shown.email, shown.groups], ['alice@acme.test', provider.group ?? GROUP]);
    provider.knownAs = shown.name;
  });

  await step(`${name}: a log-out there ends the session there and here`, async () => {
    await open(alice.page, provider, provider.signOutPath, 'Outside');
    await assertSignedOut(alice.page, provider);
    await alice.page.goto('/');
    await assertHeading(alice.page, 'Sign in');
  });

  await step(`${name}: its tile on Home leads in, to its start page`, async () => {
    await showWhoItIs(alice);
    await forget(alice.page, provider);
    await openTile(alice, name);
    await comes(alice.page, 'Signed in');
    const shown = await seen(alice.page);
    assert.match(shown.path, /^\/private\/reports\//);
    assert.equal(shown.email, 'alice@acme.test');
    (provider.names === 'transient' ? assert.notEqual : assert.equal)(shown.name, provider.knownAs);
  });

  await step(`${name}: a sign-out at the User Portal ends the session there`, async () => {
    await leavePortal(alice);
    await assertSays(alice.page, 'You are signed out.');
    await assertSignedOut(alice.page, provider);
  });

  await step(`${name}: who is not assigned is told so, and it is told nothing`, async () => {
    const told = await posted(ben.page, provider, async () => {
      await open(ben.page, provider, DEEP, 'Sign in');
      await showWhoItIs(ben);
      await comes(ben.page, `You don't have ${name}`);
    });
    assert.deepEqual(told, []);
    await follow(ben.page, 'Go to Home');
    assert.equal(await ben.page.locator('a.tile', { hasText: name }).count(), 0);
    await leavePortal(ben);
    await assertSignedOut(ben.page, provider);
  });

  return provider;
}
