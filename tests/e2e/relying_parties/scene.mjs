import { enrollQuickly, registerQuickly, setUpMailQuickly, setUpQuickly } from '../lib/seed.mjs';
import { World } from '../lib/world.mjs';
import { Callback } from './callback.mjs';

/** A world with Alice, who has MFA and a group, and a place where applications get her back. */
export class Scene {
  static async open(database) {
    const scene = new Scene();
    scene.world = await World.open({ database });
    scene.callback = await Callback.open();
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

  /** An application of that kind, which Alice has. */
  async application(name, client) {
    const { secret, application } = await this.api.do('POST', '/applications/oidc', {
      name,
      client,
      redirect_uris: [`${this.callback.url}/cb`],
      post_logout_redirect_uris: [`${this.callback.url}/bye`],
      scopes: ['profile', 'email', 'groups'],
      refresh: 'rotating',
      claims: [{ name: 'login', source: 'username' }],
    });
    if (secret) this.world.secrets.add('client secret', secret);
    await this.api.do('PUT', `/applications/${application.id}/groups/${this.group.id}`);
    return { id: application.id, secret };
  }

  evidence() {
    return this.world.evidence();
  }

  async close() {
    this.callback.close();
    await this.world.close();
  }
}
