import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { SERVICES } from './service.mjs';

const MINUTE = 60_000;
const MIB = 1024;
const READ = 'cd /proc/$0; grep -E "^(VmRSS|RssAnon|RssFile|Threads)" status; grep -E "^(Pss|Private_Dirty):" smaps_rollup; grep -h ^voluntary task/*/status';

async function reading(machine, unit) {
  const text = await machine.do('sh', ['-euc', READ, await machine.property(unit, 'MainPID')]);
  const sum = (name) => [...text.matchAll(new RegExp(`^${name}:\\s+(\\d+)`, 'gm'))].reduce((total, [, number]) => total + Number(number), 0);
  return { rss: sum('VmRSS'), anonymous: sum('RssAnon'), pss: sum('Pss'), threads: sum('Threads'), switches: sum('voluntary_ctxt_switches') };
}

/** What the agent costs a machine on which nothing happens. */
export async function idle(scene, step, tell) {
  const { machine } = scene;

  await step('each half takes less than 10 MiB, and sleeps but for its poll', async () => {
    await pause(MINUTE);
    const before = await Promise.all(SERVICES.map((unit) => reading(machine, unit)));
    await pause(MINUTE);
    const after = await Promise.all(SERVICES.map((unit) => reading(machine, unit)));
    SERVICES.forEach((unit, at) => {
      const { rss, anonymous, pss, threads, switches } = after[at];
      const woken = switches - before[at].switches;
      tell(`${unit} after two idle minutes: RSS ${rss} KiB (${anonymous} KiB of its own), PSS ${pss} KiB, ${threads} threads, woken ${woken} times in a minute`);
      assert.ok(rss < 10 * MIB, `${unit}: RSS ${rss} KiB`);
      // A request that ends and the next one take a few of them.
      assert.ok(switches > 0 && woken <= 10, `${unit}: woken ${woken} times`);
    });
  });
}
