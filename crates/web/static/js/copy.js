// Copy buttons: shown only where the clipboard can be written.
const SHOWN_FOR = 2000;

function ready(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll('[data-copy]')) button.hidden = false;
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest?.('[data-copy]');
  if (!button) return;
  const label = button.querySelector('span');
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    label.textContent = 'Copied';
  } catch {
    label.textContent = 'Not copied';
  }
  label.setAttribute('role', 'status');
  setTimeout(() => { label.textContent = before; }, SHOWN_FOR);
});

ready(document);
