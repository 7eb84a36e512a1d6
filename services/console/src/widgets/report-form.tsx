/** What a report is to be about, and the report as a file; with what proves later that it was not made up. */
import { REPORT_FORMATS, type ReportFormat } from '@apledger/api';
import { useState } from 'preact/hooks';
import { fetchEvidence, fetchReport } from '../api/client.ts';
import { saveFile } from '../api/save-file.ts';
import { inShownZone } from '../model/moment.ts';
import { sealWords } from '../model/seal.ts';
import { whyNot } from '../state/access.ts';
import { usePage } from '../state/page.tsx';
import { messageOf } from '../state/session.ts';
import { useAsked } from '../state/use-asked.ts';
import { Problem } from './problem.tsx';

const FORMATS: Readonly<Record<ReportFormat, string>> = {
  html: 'HTML, to print',
  md: 'Markdown',
  csv: 'CSV, for spreadsheets',
  json: 'JSON, for programs',
};

export function ReportForm({ host: given }: { readonly host: string | undefined }) {
  const { session, place } = usePage();
  const isPast = session.moment.value.kind !== 'now';
  const position = session.settled.value?.position;
  const [host, setHost] = useState('');
  const [guest, setGuest] = useState(place.selection.guest ?? '');
  const [from, setFrom] = useState(place.selection.from ?? '');
  const [to, setTo] = useState('');
  const [format, setFormat] = useState<ReportFormat>('html');
  const [isMaking, setMaking] = useState(false);
  const [problem, setProblem] = useState('');
  const about = given ?? host.trim();
  const denied = about === '' ? undefined : whyNot('report', about);
  const guests = session.view.value?.mdevs.flatMap((mdev) => mdev.guest ?? []) ?? [];
  const scope = {
    ...(about === '' ? {} : { host: about }),
    ...(guest.trim() === '' ? {} : { guest: guest.trim() }),
    ...(from.trim() === '' ? {} : { from: inShownZone(from) }),
    ...(to.trim() === ''
      ? isPast && position !== undefined
        ? { to: String(position) }
        : {}
      : { to: inShownZone(to) }),
  };
  const make = async (): Promise<void> => {
    setMaking(true);
    setProblem('');
    try {
      saveFile(await fetchReport({ ...scope, format }), nameOf(scope, format));
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setMaking(false);
    }
  };
  return (
    <section class="panel report-form" aria-labelledby="report-title">
      {given === undefined ? (
        <h1 id="report-title">Audit report</h1>
      ) : (
        <h2 id="report-title">Audit report</h2>
      )}
      <p class="hint">
        Custody, runs of guests, exposures and refused commands, with the hashes that it rests on. The service
        verifies the whole log for it.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        {given === undefined && <Field label="Host" value={host} onValue={setHost} placeholder="all" />}
        <Field label="Guest" value={guest} onValue={setGuest} placeholder="all" list={guests} />
        <Field label="From" value={from} onValue={setFrom} placeholder="the first fact" />
        <Field
          label="To"
          value={to}
          onValue={setTo}
          placeholder={isPast ? 'the moment that the page shows' : 'the last fact'}
        />
        <label>
          Format
          <select
            value={format}
            onChange={({ currentTarget }) => {
              setFormat(REPORT_FORMATS.find((each) => each === currentTarget.value) ?? 'html');
            }}
          >
            {Object.entries(FORMATS).map(([id, words]) => (
              <option key={id} value={id}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <Problem words={problem} />
        {denied !== undefined && <p class="hint">{denied}</p>}
        <button type="submit" class="is-primary" disabled={isMaking || denied !== undefined} title={denied}>
          {isMaking ? 'Making the report …' : 'Download the report'}
        </button>
      </form>
      <Checkpoint />
    </section>
  );
}

/** `apledger-report-zlp1-web.html`. */
const nameOf = (
  { host, guest }: { readonly host?: string; readonly guest?: string },
  format: ReportFormat,
): string =>
  `${['apledger-report', host, guest]
    .filter((part) => part !== undefined)
    .join('-')
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .slice(0, 100)}.${format}`;

/** The checkpoint that covers what the report says: who keeps it beside the report can show later that the log was this one. */
function Checkpoint() {
  const { answer } = useAsked((signal) => fetchEvidence(signal), []);
  const words = answer && sealWords(answer, Date.now());
  if (words === undefined || answer?.fault !== null || answer.size === 0) return null;
  return (
    <p class="hint">
      {words}.{' '}
      <a href="/tlog/checkpoint" download="checkpoint">
        Download the checkpoint
      </a>{' '}
      and keep it with the report: <code>apledger verify --since</code> holds the log to it. The evidence of a
      single fact is beside that fact.
    </p>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly placeholder: string;
  /** Values that are proposed. */
  readonly list?: readonly string[];
}

const Field = ({ label, value, onValue, placeholder, list }: FieldProps) => (
  <label>
    {label}
    <input
      value={value}
      placeholder={placeholder}
      spellcheck={false}
      list={list && `report-${label}`}
      onInput={({ currentTarget }) => onValue(currentTarget.value)}
    />
    {list && (
      <datalist id={`report-${label}`}>
        {list.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    )}
  </label>
);
