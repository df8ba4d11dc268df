import { render } from 'preact';
import { Page } from './components/page';

const root = document.getElementById('page');
if (root !== null) {
  root.replaceChildren();
  render(<Page />, root);
}
