// Show and hide a password.
for (const box of document.querySelectorAll('[data-password]')) {
  const field = box.querySelector('input');
  const button = box.querySelector('button');
  const word = button.firstChild;
  button.hidden = false;
  button.addEventListener('click', () => {
    const shown = field.type === 'text';
    field.type = shown ? 'password' : 'text';
    button.setAttribute('aria-pressed', String(!shown));
    word.textContent = shown ? 'Show' : 'Hide';
    field.focus();
  });
  // A password never leaves as text that a browser would remember.
  field.form?.addEventListener('submit', () => { field.type = 'password'; });
}
