import { randomUUID } from 'node:crypto';

const FILE = '/run/claviger-clock';
const BOOT = '/proc/sys/kernel/random/boot_id';

/** The wall clock of a device, as its agent sees it. The one that nobody can set goes on. */
export class WallClock {
  #scene;

  constructor(scene) {
    this.#scene = scene;
  }

  /** What libfaketime needs. */
  async #environment() {
    const library = (await this.#scene.machine.sh('ls /usr/lib/*/faketime/libfaketime.so.1')).trim();
    return { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: FILE, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' };
  }

  /** `+3d`, `-20y`, `+90`: away from this host's time. */
  set(offset) {
    return this.#scene.machine.sh(`echo '${offset}' > ${FILE}.new; chmod 644 ${FILE}.new; mv ${FILE}.new ${FILE}`);
  }

  /** From now on the agent lives by this clock. */
  async begin() {
    await this.set('+0');
    await this.#scene.agent.restart(await this.#environment());
  }

  /** The device was switched off, and comes up in another boot, its wall clock so many seconds ahead of the server's. */
  async boot(seconds) {
    const { agent, machine, world } = this.#scene;
    await agent.stop();
    await this.set(`+${world.clock.now - Math.floor(Date.now() / 1000) + seconds}`);
    await machine.sh(`umount ${BOOT} 2>/dev/null || true; echo ${randomUUID()} > /run/boot_id; mount --bind /run/boot_id ${BOOT}`);
    await agent.start(await this.#environment());
  }

  /** The agent lives by the machine's clocks again. */
  async end() {
    await this.#scene.agent.stop();
    await this.#scene.machine.sh(`umount ${BOOT} 2>/dev/null || true`);
    await this.#scene.agent.start();
  }
}
