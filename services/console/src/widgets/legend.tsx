/** What the cells mean. */
export const Legend = () => (
  <ul class="legend" aria-label="Legend">
    <li>
      <i class="key is-guest" aria-hidden="true" /> a guest can use it
    </li>
    <li>
      <i class="key is-mdev" aria-hidden="true" /> assigned, not usable
    </li>
    <li>
      <i class="key is-host" aria-hidden="true" /> the host’s own
    </li>
    <li>
      <i class="key is-nobody" aria-hidden="true" /> nobody’s; in small cells a dash
    </li>
    <li>
      <i class="key is-absent" aria-hidden="true" /> no such queue
    </li>
  </ul>
);
