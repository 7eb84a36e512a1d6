/** Subjects: an issuer and a name within it. Both are compared as they are spelled: issuers decide what is the same to them. */
import type { Subject } from '@apledger/events';

/** The issuer of programs that an administrator named. */
export const PROGRAMS = 'apledger';
/** The issuer of what client certificates name. */
export const X509 = 'x509';

/** The subject of a text as `subjectText` writes it; without a # it is one of the given issuer. Undefined when there is neither. */
export function parseSubject(text: string, issuer?: string): Subject | undefined {
  const at = text.indexOf('#');
  if (at < 0) return issuer === undefined || text === '' ? undefined : { issuer, subject: text };
  const parsed = { issuer: text.slice(0, at), subject: text.slice(at + 1) };
  return isSubject(parsed) ? parsed : undefined;
}

const isSubject = ({ issuer, subject }: Subject): boolean =>
  issuer !== '' && !issuer.includes('#') && subject !== '';

export const sameSubject = (a: Subject, b: Subject): boolean =>
  a.issuer === b.issuer && a.subject === b.subject;
