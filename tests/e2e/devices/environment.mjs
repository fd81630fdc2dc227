import { existsSync } from 'node:fs';

function path(name, meaning) {
  const value = process.env[name];
  if (!value || !existsSync(value)) throw new Error(`${name} is ${value ? `${value}, which is not there` : 'missing'}: set it to ${meaning}.`);
  return value;
}

export const rootfs = () => path('CLAVIGER_ROOTFS', 'the root that `cargo xtask test` makes under target/rootfs');
export const agentPackage = () => path('CLAVIGER_AGENT_DEB', "the agent's .deb, which packaging/deb/build makes");
export const agentRpm = process.env.CLAVIGER_AGENT_RPM;
