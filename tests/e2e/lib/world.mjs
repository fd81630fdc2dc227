import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from './api.mjs';
import { launch, openWindow } from './browser.mjs';
import { Clock } from './clock.mjs';
import { openDatabase } from './database.mjs';
import { Mailbox } from './mailbox.mjs';
import { Secrets } from './secrets.mjs';
import { Server } from './server.mjs';
import { Visitor } from './visitor.mjs';

const LAST_LINES = 15;

/** Everything a test lives in: a fresh server with its database and clock, a mail server, browsers. */
export class World {
  #browser = null;
  #folder = mkdtempSync(join(tmpdir(), 'claviger-e2e-'));
  secrets = new Secrets();
  windows = [];

  static async open({ database = 'sqlite', clock = {}, certificate = null } = {}) {
    const world = new World();
    world.clock = new Clock(world.#folder, clock);
    world.database = openDatabase(database, world.#folder);
    world.mailbox = await Mailbox.open();
    world.server = await Server.at(world.#folder, world.database.url, world.clock, { CLAVIGER_ALLOW_PLAIN_SMTP: 'true', CLAVIGER_API_CALLS_PER_MINUTE: '0', CLAVIGER_API_WRONG_KEYS_PER_MINUTE: '0' }, certificate);
    try {
      await world.server.start();
    } catch (error) {
      await world.close();
      throw error;
    }
    world.secrets.add('setup link', world.server.setupLink?.split('/').at(-1));
    return world;
  }

  /** Somebody's browser. */
  async window(options = {}) {
    this.#browser ??= await launch();
    const window = await openWindow(this.#browser, { url: this.server.url, secrets: this.secrets, ...options });
    this.windows.push(window);
    return window;
  }

  /** Somebody without a browser. */
  visitor() {
    return new Visitor(this.server.url, this.secrets);
  }

  /** A program with a key made on the server's host. */
  async api(administrator) {
    const key = await this.server.command('admin', 'api-key', 'create', '--email', administrator, '--name', 'e2e');
    return new Api(this.server.url, this.secrets.add('API key', key.match(/clv_\S+/)?.[0]));
  }

  /** What a failure looked like. */
  async evidence() {
    const { page } = this.windows.at(-1) ?? {};
    const seen = page ? `at ${page.url()}: ${(await page.locator('body').innerText()).slice(0, 1500)}` : 'no browser';
    return `${seen}\nlast lines of the log:\n${this.server.logs.trim().split('\n').slice(-LAST_LINES).join('\n')}`;
  }

  /** What pages complained about in any browser and is not told yet. */
  complaints() {
    return this.windows.flatMap((window) => window.complaints.splice(0));
  }

  async close() {
    await this.#browser?.close();
    await this.server.stop();
    await this.mailbox.close();
    this.database.drop();
    rmSync(this.#folder, { recursive: true });
  }
}
