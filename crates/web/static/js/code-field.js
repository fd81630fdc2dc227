// The code field: digits only, spaces and dashes of a pasted code dropped, sent on the sixth digit.
const DIGITS = 6;
const digitsOf = (text) => text.replace(/\D/g, '').slice(0, DIGITS);

function setUp(form) {
  const fields = [...form.querySelectorAll('[data-code]')];
  const submit = () => {
    if (fields.every((field) => field.value.length === DIGITS)) form.requestSubmit();
  };
  for (const [index, field] of fields.entries()) {
    field.addEventListener('input', (event) => {
      if (event.isComposing) return;
      const digits = digitsOf(field.value);
      if (digits !== field.value) field.value = digits;
      if (digits.length < DIGITS) return;
      const next = fields.slice(index + 1).find((other) => other.value.length < DIGITS);
      if (next) next.focus();
      else submit();
    });
    field.addEventListener('paste', (event) => {
      const digits = digitsOf(event.clipboardData?.getData('text') ?? '');
      if (!digits) return;
      event.preventDefault();
      field.value = digits;
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    });
  }
}

for (const form of document.querySelectorAll('[data-code-form]')) setUp(form);
