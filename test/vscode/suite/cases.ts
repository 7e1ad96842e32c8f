import './notebook.ts';
import './running.ts';
import './language.ts';
import './commands.ts';
import './placement.ts';
import './fuse.ts';
import './recovery.ts';
