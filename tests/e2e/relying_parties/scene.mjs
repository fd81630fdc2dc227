import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../lib/port.mjs';
import { enrollQuickly, registerQuickly, setUpMailQuickly, setUpQuickly } from '../lib/seed.mjs';
import { World } from '../lib/world.mjs';
import { Callback } from './callback.mjs';

const MOST_SAID = 2_000;

/** A world with Alice, who has MFA and a group, and a place where applications get her back. */
export class Scene {
  #sites = [];
  #folders = [];

  static async open(database) {
    const scene = new Scene();
    scene.world = await World.open({ database });
    scene.callback = await Callback.open();
    // Apache's workers are another user, and live by the same clock.
    chmodSync(dirname(scene.world.clock.environment.FAKETIME_TIMESTAMP_FILE), 0o711);
    return scene;
  }

  async populate() {
    const { world } = this;
    const ada = await setUpQuickly(world);
    await setUpMailQuickly(ada, world.mailbox.port);
    this.api = await world.api(ada.email);
    await this.api.do('PUT', '/organization/mfa/totp', { enabled: true });
    this.group = await this.api.do('POST', '/groups', { name: 'R&D <Staff>' });
    const email = 'alice@acme.test';
    const { id } = await this.api.do('POST', '/users', { username: 'alice', email, activate: true, mfa: { enrollment_days: 7 } });
    this.alice = await registerQuickly(world, { email });
    await enrollQuickly(this.alice);
    await this.api.do('PUT', `/groups/${this.group.id}/users/${id}`);
    Object.assign(this.alice, { id, page: (await world.window()).page });
  }

  /** A site of that kind, not started, in a folder and at a port of its own. */
  async site(Kind) {
    const folder = mkdtempSync(join(tmpdir(), 'claviger-e2e-'));
    this.#folders.push(folder);
    const site = new Kind(folder, await freePort(), this.world.clock.environment);
    this.#sites.push(site);
    return site;
  }

  /** An application of that kind, which Alice has; its people come back to that site. */
  async application(name, client, { url, callbackPath, loggedOutPath } = { url: this.callback.url, callbackPath: '/cb', loggedOutPath: '/bye' }) {
    const { secret, application } = await this.api.do('POST', '/applications/oidc', {
      name,
      client,
      redirect_uris: [`${url}${callbackPath}`],
      post_logout_redirect_uris: [`${url}${loggedOutPath}`],
      scopes: ['profile', 'email', 'groups'],
      refresh: 'rotating',
      claims: [{ name: 'login', source: 'username' }],
    });
    if (secret) this.world.secrets.add('client secret', secret);
    await this.api.do('PUT', `/applications/${application.id}/groups/${this.group.id}`);
    return { id: application.id, secret };
  }

  async evidence() {
    const said = this.#sites.map((site) => `${site.name}:\n${site.said.slice(-MOST_SAID)}`);
    return [await this.world.evidence(), ...said].join('\n');
  }

  async close() {
    for (const site of this.#sites) await site.stop();
    for (const folder of this.#folders) rmSync(folder, { recursive: true });
    this.callback.close();
    await this.world.close();
  }
}
