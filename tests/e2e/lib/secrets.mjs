const SIX_DIGITS = /^\d{6}$/;

// Six digits also turn up in times and ids, so a code counts only where it stands alone.
function occurs(value, text) {
  if (!SIX_DIGITS.test(value)) return text.includes(value);
  return new RegExp(`(?<![\\w.-])${value}(?![\\w-])`).test(text);
}

/** What must never be written down: told apart by kind, gathered while a test runs. */
export class Secrets {
  #known = new Map();

  add(kind, value) {
    if (value) this.#known.set(value, kind);
    return value;
  }

  /** The kinds of secrets that `text` gives away. */
  in(text) {
    return [...this.#known].filter(([value]) => occurs(value, text)).map(([value, kind]) => `${kind} ${value}`);
  }

  /** The same for a database, where six digits can't be told from a number. */
  inDatabase(bytes) {
    const text = bytes.toString('latin1');
    const forms = (value) => [value, Buffer.from(value).toString('hex')];
    return [...this.#known]
      .filter(([value]) => !SIX_DIGITS.test(value) && forms(value).some((form) => text.includes(form)))
      .map(([value, kind]) => `${kind} ${value}`);
  }
}
