/** Evidence that does not hold, or is not written as it must be; the message says which part and why. */
export class EvidenceError extends Error {
  override readonly name = 'EvidenceError';
}
