import { setTimeout as pause } from 'node:timers/promises';

/** Asks `attempt` until it answers with something, or fails with `what` and the last reason. */
export async function until(what, attempt, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  let reason = '';
  while (Date.now() < end) {
    try {
      const answer = await attempt();
      if (answer) return answer;
    } catch (error) {
      reason = `: ${error.message}`;
    }
    await pause(100);
  }
  throw new Error(`${what} did not happen within ${seconds} seconds${reason}`);
}
