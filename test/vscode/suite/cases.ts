import './notebook.ts';
