// node infra/agent-deb.mjs [DIRECTORY]: makes the Debian package apledger-agent there, and prints its path. It needs dpkg-deb. The package
// has no code of any architecture, and runs on the distribution's Node, 20.11 or newer.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root as repository } from './toolchain.mjs';

const agent = join(repository, 'services/agent');
const here = join(agent, 'packaging');
const LIB = 'usr/lib/apledger-agent';

/** From here to there; programs are executable. */
const FILES = [
  ['systemd/apledger-agent.service', 'usr/lib/systemd/system/apledger-agent.service'],
  ['systemd/apledger-writer.socket', 'usr/lib/systemd/system/apledger-writer.socket'],
  ['systemd/apledger-writer@.service', 'usr/lib/systemd/system/apledger-writer@.service'],
  ['systemd/apledger-audit.service', 'usr/lib/systemd/system/apledger-audit.service'],
  ['systemd/apledger-agent.tmpfiles', 'usr/lib/tmpfiles.d/apledger-agent.conf'],
  ['systemd/apledger-agent.sysusers', 'usr/lib/sysusers.d/apledger-agent.conf'],
  ['udev/70-apledger.rules', 'usr/lib/udev/rules.d/70-apledger.rules'],
  ['audit/50-apledger.rules', 'etc/audit/rules.d/50-apledger.rules'],
  ['agent.env', 'etc/apledger-agent/agent.env'],
];
const PROGRAMS = [
  ['mdevctl-notifier.sh', 'usr/lib/mdevctl/scripts.d/notifiers/apledger.sh'],
  ['audit/audit-rules', `${LIB}/audit-rules`],
];

/**
 * Each is bundled alone: what is shared would be loaded by all of them, and the reader's thread needs neither the rules of the driver nor
 * the schemas of facts. Half of what it has in memory is code.
 */
const PROGRAMS_OF_NODE = ['main', 'reader-worker', 'writer/main'];

/** So that the agent keeps little memory: it reads small files all day, and waits in between. */
const NODE_OPTIONS = ['--max-semi-space-size=1', '--max-old-space-size=256'];

const shell = (program, options = '') =>
  `#!/bin/sh\nexec /usr/bin/node${options} /${LIB}/lib/${program}.js "$@"\n`;

const control = (version) => `Package: apledger-agent
Version: ${version}
Architecture: all
Maintainer: apledger
Depends: nodejs (>= 20.11), systemd
Recommends: mdevctl, auditd
Section: admin
Priority: optional
Description: watches the crypto adapters of a KVM host on IBM Z for a ledger
 The agent sees the AP queue assignments of the host, finds out who changed them, and sends this to a ledger.
 A separate writer carries out the ledger's commands, if its socket is enabled.
`;

const POSTINST = `#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
systemd-sysusers apledger-agent.conf
systemd-tmpfiles --create apledger-agent.conf
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  udevadm control --reload || true
fi
# Who may watch and who may write is for the administrator to say: docs/agent.md, "Install".
`;

function bundle(program, directory) {
  const vite = join(repository, 'node_modules/vite/bin/vite.js');
  const config = join(repository, 'infra/agent-deb.vite.mjs');
  const words = ['build', '--config', config, '--outDir', directory, '--logLevel', 'warn'];
  execFileSync(process.execPath, [vite, ...words], {
    cwd: repository,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, APLEDGER_PROGRAM: program },
  });
}

/** Builds the package in the directory; the answer is its path. */
function buildDeb(directory) {
  const root = mkdtempSync(join(tmpdir(), 'apledger-deb-'));
  const put = (path, text, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), mode);
  };
  try {
    chmodSync(root, 0o755);
    for (const program of PROGRAMS_OF_NODE) bundle(program, join(root, LIB, 'lib'));
    const { version } = JSON.parse(readFileSync(join(agent, 'package.json'), 'utf8'));
    put(`${LIB}/package.json`, `${JSON.stringify({ name: 'apledger-agent', version, type: 'module' })}\n`);
    put('usr/bin/apledger-agent', shell('main', ` ${NODE_OPTIONS.join(' ')}`), 0o755);
    put('usr/bin/apledger-agent-writer', shell('writer/main'), 0o755);
    for (const [from, to] of FILES) put(to, readFileSync(join(here, from), 'utf8'));
    for (const [from, to] of PROGRAMS) put(to, readFileSync(join(here, from), 'utf8'), 0o755);
    mkdirSync(join(root, 'usr/share/doc/apledger-agent'), { recursive: true });
    copyFileSync(join(agent, '../../docs/agent.md'), join(root, 'usr/share/doc/apledger-agent/agent.md'));
    put('DEBIAN/control', control(version));
    put('DEBIAN/conffiles', '/etc/apledger-agent/agent.env\n/etc/audit/rules.d/50-apledger.rules\n');
    put('DEBIAN/postinst', POSTINST, 0o755);
    const path = join(directory, `apledger-agent_${version}_all.deb`);
    execFileSync('dpkg-deb', ['--root-owner-group', '--build', root, path], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return path;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const [, , directory = '.'] = process.argv;
mkdirSync(directory, { recursive: true });
process.stdout.write(`${buildDeb(directory)}\n`);
