/**
 * A line as the words that bash makes of it. What bash would expand or take apart, and this does not, is refused with what to write
 * instead: it never passes as text.
 */

export interface Word {
  readonly text: string;
  /** An unquoted `>` or `>>`. */
  readonly isRedirection: boolean;
  /** The first word of the line is `NAME=…` with nothing quoted or expanded before its value: bash assigns. */
  readonly assigns?: { readonly name: string; readonly value: string };
}

type Variables = ReadonlyMap<string, string>;

const OTHER_COMMAND = 'is not understood here: one plain command a line, or put quotes around it';
const PATTERN = 'is part of a pattern for a shell: write every name out, or put quotes around it';
const BRACES = 'belongs to braces that a shell expands: write every word out, or put quotes around it';

/** Unquoted characters that mean more to bash than themselves. */
const REFUSED: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...'|;&<`()'].map((character) => [character, OTHER_COMMAND])),
  ...Object.fromEntries([...'*?['].map((character) => [character, PATTERN])),
  ...Object.fromEntries([...'{}'].map((character) => [character, BRACES])),
  '~': 'is a home directory for a shell: write the path out, or put quotes around it',
};

/** What bash splits an unquoted value at, or takes for a pattern. */
const TAKEN_APART = /[ \t*?[\\]/;

const isBlank = (character: string): boolean => character === ' ' || character === '\t';

/** The words of a line. Throws Error with what to write instead. */
export function splitWords(line: string, variables: Variables): Word[] {
  return new Reader(line, variables).words();
}

/** A word under way. */
interface Draft {
  text: string;
  /** False while it is only an unquoted variable without a value, of which bash makes no word. */
  isWord: boolean;
  /** All of it was written plainly: nothing quoted, nothing expanded. */
  isPlain: boolean;
  /** The variable that it assigns to, once its `=` was read. */
  assigned?: string;
}

class Reader {
  readonly #line: string;
  readonly #variables: Variables;
  readonly #words: Word[] = [];
  #at = 0;
  #draft: Draft | undefined;
  /** Words that were begun, also those that came to nothing. */
  #begun = 0;

  constructor(line: string, variables: Variables) {
    this.#line = line;
    this.#variables = variables;
  }

  words(): Word[] {
    while (this.#at < this.#line.length) this.#read(this.#line[this.#at] ?? '');
    this.#end();
    return this.#words;
  }

  #read(character: string): void {
    if (isBlank(character)) {
      this.#end();
      this.#at++;
    } else if (character === '#' && this.#draft === undefined) this.#at = this.#line.length;
    else if (character === "'") this.#single();
    else if (character === '"') this.#double();
    else if (character === '$') this.#unquotedVariable();
    else if (character === '\\') this.#escaped();
    else if (character === '>') this.#redirection();
    else this.#plain(character);
  }

  #begin(): Draft {
    if (this.#draft === undefined) this.#begun++;
    this.#draft ??= { text: '', isWord: false, isPlain: true };
    return this.#draft;
  }

  #add(text: string, isPlain: boolean): void {
    const draft = this.#begin();
    draft.text += text;
    draft.isWord = true;
    draft.isPlain &&= isPlain;
  }

  #end(): void {
    const draft = this.#draft;
    this.#draft = undefined;
    if (draft?.isWord !== true) return;
    const { text, assigned: name } = draft;
    const assigns = name === undefined ? {} : { assigns: { name, value: text.slice(name.length + 1) } };
    this.#words.push({ text, isRedirection: false, ...assigns });
  }

  #plain(character: string): void {
    const refused = REFUSED[character];
    if (refused !== undefined) throw new Error(`${character} ${refused}`);
    const draft = this.#begin();
    if (character === '=' && draft.isPlain && this.#begun === 1 && NAME.test(draft.text))
      draft.assigned ??= draft.text;
    this.#add(character, true);
    this.#at++;
  }

  #single(): void {
    const end = this.#line.indexOf("'", this.#at + 1);
    if (end < 0) throw notClosed("'");
    this.#add(this.#line.slice(this.#at + 1, end), false);
    this.#at = end + 1;
  }

  #double(): void {
    this.#add('', false);
    for (this.#at++; this.#line[this.#at] !== '"'; ) {
      const character = this.#line[this.#at];
      const next = this.#line[this.#at + 1] ?? '';
      if (character === undefined) throw notClosed('"');
      if (character === '`') throw new Error('` begins a command for a shell: put single quotes around it');
      if (character === '$') this.#add(this.#variable(), false);
      else if (character === '\\' && /["\\$`]/.test(next)) {
        this.#add(next, false);
        this.#at += 2;
      } else {
        this.#add(character, false);
        this.#at++;
      }
    }
    this.#at++;
  }

  #escaped(): void {
    const next = this.#line[this.#at + 1];
    if (next === undefined) throw new Error('a line cannot be continued on the next one: write it as one');
    this.#add(next, false);
    this.#at += 2;
  }

  /** The value of `$NAME` or `${NAME}`, which is read. */
  #variable(): string {
    const name = VARIABLE.exec(this.#line.slice(this.#at));
    if (name === null)
      throw new Error('$ needs a name after it, or single quotes around it: write the value out otherwise');
    const value = this.#variables.get(name[1] ?? name[2] ?? '');
    if (value === undefined)
      throw new Error(`${name[0]} was given no value: assign one on a line before, like NAME=value`);
    this.#at += name[0].length;
    return value;
  }

  #unquotedVariable(): void {
    const start = this.#at;
    const value = this.#variable();
    const draft = this.#begin();
    draft.isPlain = false;
    if (value !== '' && draft.assigned === undefined && TAKEN_APART.test(value)) {
      const name = this.#line.slice(start, this.#at);
      throw new Error(`a shell takes the value of ${name} apart, or for a pattern: write "${name}"`);
    }
    if (value !== '') this.#add(value, false);
  }

  #redirection(): void {
    const { text, isPlain } = this.#draft ?? { text: '', isPlain: false };
    if (isPlain && /^\d+$/.test(text))
      throw new Error(`${text}> is a file descriptor for a shell: write "${text} >", with a blank`);
    this.#end();
    this.#begun++;
    this.#at += this.#line[this.#at + 1] === '>' ? 2 : 1;
    this.#words.push({ text: '>', isRedirection: true });
  }
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const VARIABLE = /^\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/;
const notClosed = (quote: string): Error => new Error(`the quote ${quote} is not closed on its line`);
