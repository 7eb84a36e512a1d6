import { render } from 'preact';
import { App } from './app.tsx';
import { watchAccess } from './state/access.ts';
import { showVisibleTextOnly } from './state/visible-text.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/matrix.css';
import './styles/lists.css';
import './styles/charts.css';
import './styles/pages.css';
import './styles/media.css';

showVisibleTextOnly();
watchAccess();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
