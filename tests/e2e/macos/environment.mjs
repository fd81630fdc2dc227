import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.CLAVIGER_AGENT_MACOS;
if (!folder) throw new Error('CLAVIGER_AGENT_MACOS is missing: set it to target/packages/debug/macos, which `cargo xtask devices` fills.');

/** What runs on Linux of the agent for macOS. */
export function built(name) {
  const path = join(folder, name);
  if (!existsSync(path)) throw new Error(`${path} is not there: \`cargo xtask devices\` builds it.`);
  return path;
}
