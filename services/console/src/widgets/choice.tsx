/** One of several that exclude each other, in a row of them. */
export interface ChoiceProps {
  readonly name: string;
  readonly checked: boolean;
  readonly onChoose: () => void;
  readonly label: string;
}

export const Choice = ({ name, checked, onChoose, label }: ChoiceProps) => (
  <label>
    <input type="radio" name={name} checked={checked} onChange={onChoose} />
    <span>{label}</span>
  </label>
);
