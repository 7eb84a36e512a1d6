/** Facts about the ledger itself in words. */
import { type LedgerFact, subjectText } from '@apledger/events';

const on = (host: string | null): string => (host === null ? 'the ledger' : host);

/** A fact about the ledger in one line, without its type. */
export function describeLedgerFact(fact: LedgerFact): string {
  switch (fact.type) {
    case 'ClockJumped':
      return `of ${fact.data.process}: ${fact.data.after} where ${fact.data.before} was expected`;
    case 'SigningKeyRotated':
      return `${fact.data.before} to ${fact.data.after}: ${fact.data.reason}`;
    case 'LogForked':
      return `${fact.data.before.origin} after ${fact.data.before.size} facts, on as ${fact.data.origin}: ${fact.data.reason}`;
    case 'AccessConfigured':
      return `hash ${fact.data.hash.slice(0, 12)}; providers ${fact.data.issuers.join(', ') || 'none'}; ${fact.data.rules.length} rules`;
    case 'RoleBound':
      return `${subjectText(fact.data.subject)} is ${fact.data.role} on ${fact.data.hosts}${fact.data.until === null ? '' : ` until ${fact.data.until}`}`;
    case 'RoleUnbound':
      return `${subjectText(fact.data.subject)} is no longer ${fact.data.role} on ${fact.data.hosts}`;
    case 'TokenIssued':
      return `${fact.data.token} for ${subjectText(fact.data.subject)} on ${fact.data.hosts} until ${fact.data.until}`;
    case 'TokenRevoked':
      return fact.data.token;
    case 'KeyRegistered':
      return `${fact.data.key} for ${subjectText(fact.data.subject)} on ${fact.data.hosts} until ${fact.data.until}`;
    case 'KeyRevoked':
      return fact.data.key;
    case 'SessionOpened':
      return `${fact.data.session} of ${subjectText(fact.data.subject)} until ${fact.data.until}`;
    case 'SessionEnded':
      return fact.data.session;
    case 'AccessDenied':
      return `${fact.data.verb} on ${on(fact.data.host)} (${fact.data.asked}): ${fact.data.reason}`;
    case 'AuthenticationFailed':
      return `${fact.data.count} requests of ${fact.data.source} from ${fact.data.from} to ${fact.data.until}: ${Object.keys(fact.data.reasons).join(', ')}`;
    case 'BreakGlassOpened':
      return `${subjectText(fact.data.subject)} acts alone on ${fact.data.hosts} until ${fact.data.until}: ${fact.data.reason}`;
    case 'BreakGlassReviewed':
      return `${fact.data.glass}: ${fact.data.finding}`;
    default:
      return describeChange(fact);
  }
}

type ChangeFact = Extract<LedgerFact, { data: { readonly change: string } }>;

function describeChange(fact: ChangeFact): string {
  const change = `${fact.data.change} on ${fact.data.host}`;
  switch (fact.type) {
    case 'ChangeApproved':
      return `${change}, effect ${fact.data.effect.slice(0, 12)}`;
    case 'ChangeCarriedOut':
      return `${change}: ${fact.data.commands.length} commands`;
    case 'ChangeStopped':
      return `${change} after ${fact.data.done} commands: ${fact.data.reason}`;
    case 'ChangePlanned':
    case 'ChangeGoesBack':
      return `${change}: ${fact.data.plan.steps.length} steps, plan ${fact.data.plan.planHash.slice(0, 12)}`;
    case 'ChangeStarted':
      return `${change}: plan ${fact.data.plan.slice(0, 12)}`;
    case 'StepStarted':
      return `${change}: step ${fact.data.step}${fact.data.attempt > 1 ? `, attempt ${fact.data.attempt}` : ''}`;
    case 'StepDone':
      return `${change}: step ${fact.data.step}, host at revision ${fact.data.revision}`;
    case 'StepRefused':
      return `${change}: step ${fact.data.step}: ${fact.data.errno}: ${fact.data.explanation}`;
    case 'StepUnconfirmed':
      return `${change}: step ${fact.data.step}: ${fact.data.reason}`;
    case 'ChangeHeld':
      return `${change} after step ${fact.data.step}: ${[fact.data.reason, ...fact.data.differences].join('; ')}`;
    case 'ChangeResumed':
      return `${change}: ${fact.data.how}: ${fact.data.reason}`;
    case 'ConfirmationAwaited':
      return `${change}: goes back at ${fact.data.until} unless it is confirmed`;
    case 'ChangeConfirmed':
      return change;
    case 'DeadlinePassed':
      return `${change}: ${fact.data.deadline} until ${fact.data.until}`;
    case 'ChangeDone':
    case 'ChangeWentBack':
      return `${change}: host at revision ${fact.data.revision}`;
    default:
      return `${change}: ${fact.data.reason}`;
  }
}
