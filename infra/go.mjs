// node infra/go.mjs: fetches Go and golang.org/x/mod from Debian into .cache/debian, and prints the directory that holds them,
// as below `/`. For the tests that let a stranger's implementation check our evidence. Nothing is installed.
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { debianPackage } from './debian.mjs';
import { reportSetupError } from './toolchain.mjs';

/** `golang-go` is a link to the compiler of one version, which is a package of its own. */
function go() {
  const version = readlinkSync(join(debianPackage('golang-go'), 'usr/lib/go')).replace(/^go-/, '');
  return debianPackage(`golang-${version}-go,golang-${version}-src,golang-golang-x-mod-dev`);
}

if (process.argv[1] === import.meta.filename) {
  try {
    console.log(go());
  } catch (error) {
    reportSetupError(error);
  }
}
