/** Options that many commands have. */
import { Option } from 'commander';

export const data = (): Option =>
  new Option('--data <dir>', 'data directory (default: $APLEDGER_DATA, else ./apledger-data)');
export const log = (): Option =>
  new Option('--log <url>', 'where the log is: sqlite:DIR, nats://HOST:PORT, kurrentdb://HOST:PORT');
export const json = (): Option => new Option('--json', 'print one JSON object a line');
export const host = (): Option => new Option('--host <name>', 'only this host');
