import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Machine } from '../devices/machine.mjs';

const programs = fileURLToPath(new URL('programs', import.meta.url));
const fresh = fileURLToPath(new URL('../../../agent/core/src/plan/login_window/fresh.plist', import.meta.url));

export const RIGHT = '/var/db/system.login.console.plist';

/** A throw-away Linux with the programs and places of a Mac that the agent asks. */
export class Mac extends Machine {
  static async start() {
    const machine = await super.start();
    cpSync(programs, join(machine.share, 'programs'), { recursive: true });
    cpSync(fresh, join(machine.share, 'fresh.plist'));
    await machine.sh(`install -m 755 /share/programs/* /usr/bin/
mkdir -p /var/db /Users /Library/Logs /Library/Security/SecurityAgentPlugins /System/Library/CoreServices/SecurityAgentPlugins/DiskUnlock.bundle
mkdir -p /private && ln -s /etc /private/etc
useradd --system --uid 92 --no-create-home _securityagent
install -m 644 /share/fresh.plist ${RIGHT}`);
    return machine;
  }

  /** The right as it stands. */
  right() {
    return this.sh(`cat ${RIGHT}`);
  }

  /** Its mechanisms. */
  async mechanisms() {
    const list = (await this.right()).match(/<key>mechanisms<\/key>\s*<array>(.*?)<\/array>/s)[1];
    return [...list.matchAll(/<string>(.*?)<\/string>/g)].map(([, name]) => name);
  }

  /** What somebody else makes of it. */
  async changeRight(from, to) {
    const text = await this.right();
    if (!text.includes(from)) throw new Error(`the right has no ${from}`);
    await this.do('tee', [RIGHT], { input: text.replaceAll(from, to) });
  }
}
