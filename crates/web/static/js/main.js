// Comfort on top of pages that work without it. Each module finds its own elements.
import './bulk.js';
import './busy.js';
import './code-field.js';
import './copy.js';
import './days.js';
import './dialog.js';
import './forward.js';
import './menu.js';
import './password.js';
import './poll.js';
import './recovery-codes.js';
import './search.js';
import './tabs.js';
import './tail.js';
