// Recovery codes on paper or as a text file; without a script they can be copied by hand.
const REVOKED_AFTER = 10_000;

function save(name) {
  const codes = [...document.querySelectorAll(`#${name} li`)].map((item) => item.textContent.trim());
  const title = document.getElementById(`${name}-of`).textContent.trim();
  const address = URL.createObjectURL(new Blob([`${title}\n\n${codes.join('\n')}\n`], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${name}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), REVOKED_AFTER);
}

for (const box of document.querySelectorAll('[data-keep]')) {
  box.hidden = false;
  box.querySelector('[data-print]')?.addEventListener('click', () => window.print());
  const button = box.querySelector('[data-save]');
  button?.addEventListener('click', () => save(button.dataset.save));
}
