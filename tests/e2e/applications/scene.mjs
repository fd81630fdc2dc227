import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { enableTotp } from '../lib/administrator.mjs';
import { freePort } from '../lib/port.mjs';
import { enrollQuickly, registerQuickly, setUpMailQuickly, setUpQuickly } from '../lib/seed.mjs';
import { signIn } from '../lib/sign_in.mjs';
import { World } from '../lib/world.mjs';
import { placeholder } from './placeholder.mjs';

const MOST_SAID = 2_000;

/** A world with people, a group, and service providers that live by its clock. */
export class Scene {
  providers = [];
  #folders = [];

  static async open(database) {
    const scene = new Scene();
    scene.world = await World.open({ database });
    // Apache's workers are another user, and live by the same clock.
    chmodSync(dirname(scene.world.clock.environment.FAKETIME_TIMESTAMP_FILE), 0o711);
    return scene;
  }

  /** Ada with a screen; Alice, who is in the group, and Ben, who is not, each with MFA. */
  async populate() {
    const { world } = this;
    this.ada = await setUpQuickly(world);
    this.ada.page = (await world.window()).page;
    await signIn(this.ada);
    await enableTotp(this.ada);
    await setUpMailQuickly(this.ada, world.mailbox.port);
    this.api = await world.api(this.ada.email);
    this.group = await this.api.do('POST', '/groups', { name: 'R&D <Staff>' });
    this.alice = await this.#person('alice');
    this.ben = await this.#person('ben');
    await this.api.do('PUT', `/groups/${this.group.id}/users/${this.alice.id}`);
  }

  async #person(username) {
    const { world, api } = this;
    const email = `${username}@acme.test`;
    const { id } = await api.do('POST', '/users', { username, email, activate: true, mfa: { enrollment_days: 7 } });
    const person = await registerQuickly(world, { email });
    await enrollQuickly(person);
    return Object.assign(person, { id, username, page: (await world.window()).page });
  }

  /** A provider of that kind, not started, in a folder and at a port of its own. */
  async provider(Kind) {
    const folder = mkdtempSync(join(tmpdir(), 'claviger-e2e-'));
    this.#folders.push(folder);
    const provider = new Kind(folder, await freePort(), this.world.clock.environment);
    this.providers.push(provider);
    return provider;
  }

  /** Makes the provider and us known to each other without a screen. */
  async introduce(provider, how, settings = {}) {
    const { api, world, group } = this;
    await provider.start(placeholder(provider.folder));
    const metadata = await (await fetch(`${provider.url}${provider.metadataPath}`)).text();
    const filled = await api.do('POST', '/applications/metadata', { metadata });
    const attributes = [...filled.attributes, { name: 'groups', source: 'groups' }];
    provider.id = (await api.do('POST', '/applications', { ...filled, name: provider.name, attributes, ...settings })).id;
    await api.do('PUT', `/applications/${provider.id}/groups/${group.id}`);
    await provider.stop();
    await provider.start(await (await fetch(`${world.server.url}/saml/${provider.id}/metadata`)).text(), how);
  }

  async evidence() {
    const windows = await Promise.all(this.world.windows.map(async ({ page }) => `${page.url()}: ${(await page.locator('body').innerText()).slice(-400)}`));
    const said = this.providers.map((provider) => `${provider.name}:\n${provider.said.slice(-MOST_SAID)}`);
    return [...windows, ...this.world.complaints(), await this.world.evidence(), ...said].join('\n');
  }

  async close() {
    for (const provider of this.providers) await provider.stop();
    for (const folder of this.#folders) rmSync(folder, { recursive: true });
    await this.world.close();
  }
}
