/** How far the log is sealed; and the proof of one fact, checked in this browser. */
import { useEffect, useState } from 'preact/hooks';
import { fetchEvidence, fetchProof } from '../api/client.ts';
import { sealWords } from '../model/seal.ts';
import { messageOf } from '../state/session.ts';
import { useAsked } from '../state/use-asked.ts';

/** A checkpoint is signed within a second; this shows how it stands soon enough. */
const ASK_MS = 3000;

export function SealState() {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTurn((before) => before + 1), ASK_MS);
    return () => clearInterval(timer);
  }, []);
  const { answer } = useAsked((signal) => fetchEvidence(signal), [turn]);
  const words = answer && sealWords(answer, Date.now());
  if (answer === undefined || words === undefined) return null;
  const title =
    answer.fault ??
    `${answer.origin}: download the checkpoint: who holds it notices a change of any fact up to here`;
  return (
    <a
      class={`seal-state${answer.fault === null ? '' : ' is-bad'}`}
      href="/tlog/checkpoint"
      download="checkpoint"
      title={title}
    >
      {words}
    </a>
  );
}

type Found = { readonly words: string; readonly isGood: boolean; readonly file?: string };

/** A button that fetches the evidence file of the fact, checks it here, and offers it for download. */
export function FactProof({ position }: { readonly position: number }) {
  const [found, setFound] = useState<Found | undefined>();
  const [isAsking, setIsAsking] = useState(false);
  const check = async (): Promise<void> => {
    setIsAsking(true);
    try {
      const [{ proof }, { policy }, { checkProof, provenWords }] = await Promise.all([
        fetchProof(position),
        fetchEvidence(),
        import('../model/evidence.ts'),
      ]);
      const file = `data:text/plain;charset=utf-8,${encodeURIComponent(proof)}`;
      setFound({ words: provenWords(await checkProof(proof, policy)), isGood: true, file });
    } catch (error) {
      setFound({ words: messageOf(error), isGood: false });
    }
    setIsAsking(false);
  };
  if (found === undefined)
    return (
      <button
        type="button"
        class="proof-button"
        disabled={isAsking}
        aria-label={`Evidence of fact ${position}`}
        onClick={check}
      >
        Evidence
      </button>
    );
  return (
    <span class={`proof${found.isGood ? '' : ' is-bad'}`} role="status">
      {found.words}
      {found.file !== undefined && (
        <>
          {' '}
          <a href={found.file} download={`${position}.tlog-proof`}>
            Download
          </a>
        </>
      )}
    </span>
  );
}
