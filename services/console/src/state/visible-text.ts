/** Every text that the page shows, and every label of an element, is made `visible`: names come from outside. */
import { visible } from '@apledger/text';
import { options, type VNode } from 'preact';

/** Attributes that are read to people. */
const LABELS = ['title', 'alt', 'placeholder', 'aria-label', 'aria-description', 'aria-valuetext'];

/** Hooks into Preact, which makes a node of each text and asks here first; whatever a component is given, it cannot forget it. */
export function showVisibleTextOnly(): void {
  const before = options.vnode;
  options.vnode = (node) => {
    before?.(node);
    makeVisible(node);
  };
}

function makeVisible(node: VNode<object>): void {
  const text: unknown = node.props;
  // The node of a text has no type, and the text itself in place of properties.
  if (typeof text === 'string') Object.assign(node, { props: visible(text) });
  else if (typeof node.type === 'string') labels(node.props as Record<string, unknown>);
}

function labels(props: Record<string, unknown>): void {
  for (const name of LABELS) {
    const label = props[name];
    if (typeof label !== 'string') continue;
    // A placeholder may have lines of its own: it is no label of something else.
    props[name] = name === 'placeholder' ? label.split('\n').map(visible).join('\n') : visible(label);
  }
}
