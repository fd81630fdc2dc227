import { codeAt, wrongCode } from './otp.mjs';

const STEP = 30;

/** Someone with an account, a browser (with a screen: `page`, or without: `visitor`), and perhaps an authenticator. */
export class Person {
  #lastStep = 0;
  secret = null;
  lastCode = null;

  constructor(world, { email, password, portal = '', page, visitor }) {
    Object.assign(this, { clock: world.clock, secrets: world.secrets, email, password, portal, page, visitor });
    world.secrets.add('password', password);
  }

  setSecret(secret) {
    this.secret = secret;
    this.#lastStep = 0;
  }

  /** A code not used before: where it would be the same one, the clock moves on. */
  freshCode() {
    const missing = this.#lastStep + 1 - Math.floor(this.clock.now / STEP);
    if (missing > 0) this.clock.advance({ seconds: missing * STEP });
    this.#lastStep = Math.floor(this.clock.now / STEP);
    this.lastCode = this.secrets.add('code', codeAt(this.secret, this.#lastStep * STEP));
    return this.lastCode;
  }

  /** A code that is not right anywhere near now. */
  badCode() {
    return this.secrets.add('code', wrongCode(this.secret, this.clock.now));
  }
}
