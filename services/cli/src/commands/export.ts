/** `apledger export HOST`: a host as a desired state, or as what other tools read. */
import { EXPORT_FORMATS, type ExportFormat, exportHost } from '@apledger/changes';
import { command, Failure, line, type Output } from '@apledger/command-line';
import { hostNames, type Place } from '@apledger/ledger';
import { stateOfView } from '@apledger/projections/host';
import { hostAt, stateAt, thoseThere, withLedger } from '../ledger.ts';
import { MOMENT, parseMoment, usedText } from '../moment.ts';
import { place } from '../options.ts';
import { leftOut } from './left-out.ts';

interface ExportOptions extends Place {
  readonly at?: string;
  readonly format: ExportFormat;
}

async function exported(host: string, options: ExportOptions, output: Output): Promise<number> {
  const { at, format } = options;
  return withLedger(options, output, async (ledger) => {
    const moment = at === undefined ? {} : await parseMoment('--at', at, ledger);
    const view = await hostAt(ledger, host, moment);
    if (view === undefined) {
      const when = at === undefined ? '' : ` at ${usedText(moment)}`;
      throw new Failure(1, `There is no host ${host}${when}. ${thoseThere(await hostNames(ledger), host)}`);
    }
    output.out(exportHost(stateOfView(view), format));
    // On the error output, so that the file stays a file.
    const left = leftOut(await stateAt(ledger, host, at === undefined ? undefined : view.position), format);
    if (left !== undefined) output.note(line(left));
    return 0;
  });
}

export const exportCommand = command({
  name: 'export',
  summary: 'write a host as a desired state, or as what other tools read',
  positionals: [{ name: 'host', description: 'the host' }],
  options: {
    ...place,
    at: { type: 'string', value: 'moment', description: `as of then: ${MOMENT}` },
    format: {
      type: 'string',
      value: 'format',
      choices: EXPORT_FORMATS,
      default: 'yaml',
      description: 'what reads it',
    },
  },
  examples: ['apledger export prod7 > prod7.yaml', 'apledger export prod7 --format mdevctl'],
  run: ({ host, ...options }, { output }) => exported(host, options, output),
});
