/** What went wrong, read out at once; nothing where nothing did. */
export const Problem = ({ words }: { readonly words: string | undefined }) =>
  words === undefined || words === '' ? null : (
    <p class="problem" role="alert">
      {words}
    </p>
  );
