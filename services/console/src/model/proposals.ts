/** What an operator may want to do with a queue, its adapter or its domain: steps in the spelling of scripts (docs/scripts.md). */
import { formatApid, formatApqi, has, maskFromHex } from '@apledger/ap';
import type { HostView as HostViewJson, MdevView } from '@apledger/api';
import type { Cell } from './axes.ts';
import { nameOf } from './owner.ts';
import { writeStep } from './steps.ts';

export interface Proposal {
  readonly words: string;
  readonly step: string;
}

/** Steps about the cell, those that take something away first. */
export function proposalsFor(view: HostViewJson, { apid, apqi }: Cell): Proposal[] {
  return [
    ...view.mdevs.flatMap((mdev) => unassignments(mdev, apid, apqi)),
    ...view.mdevs.flatMap((mdev) => assignments(mdev, apid, apqi)),
    ...maskProposals(view, apid, apqi),
    ...(view.adapters.includes(apid)
      ? [{ words: `Switch card ${formatApid(apid)} off`, step: `card ${formatApid(apid)} config=0` }]
      : []),
    ...view.mdevs.flatMap((mdev) =>
      mdev.guest !== null && mdev.adapters.includes(apid) && mdev.domains.includes(apqi)
        ? [{ words: `Stop guest ${mdev.guest}`, step: `guest stop ${mdev.guest}` }]
        : [],
    ),
  ];
}

function unassignments(mdev: MdevView, apid: number, apqi: number): Proposal[] {
  if (!mdev.adapters.includes(apid) || !mdev.domains.includes(apqi)) return [];
  return [
    {
      words: `Take domain ${formatApqi(apqi)} from ${nameOf(mdev)}`,
      step: writeStep(mdev.mdev, 'unassign_domain', apqi),
    },
    {
      words: `Take adapter ${formatApid(apid)} from ${nameOf(mdev)}`,
      step: writeStep(mdev.mdev, 'unassign_adapter', apid),
    },
  ];
}

function assignments(mdev: MdevView, apid: number, apqi: number): Proposal[] {
  const proposals: Proposal[] = [];
  if (!mdev.adapters.includes(apid))
    proposals.push({
      words: `Give adapter ${formatApid(apid)} to ${nameOf(mdev)}`,
      step: writeStep(mdev.mdev, 'assign_adapter', apid),
    });
  if (!mdev.domains.includes(apqi))
    proposals.push({
      words: `Give domain ${formatApqi(apqi)} to ${nameOf(mdev)}`,
      step: writeStep(mdev.mdev, 'assign_domain', apqi),
    });
  return proposals;
}

function maskProposals({ apmask, aqmask }: HostViewJson, apid: number, apqi: number): Proposal[] {
  const flip = (mask: 'apmask' | 'aqmask', text: string, id: number, what: string): Proposal => {
    const isHosts = has(maskFromHex(text), id);
    return {
      words: isHosts ? `Leave ${what} to guests (${mask})` : `Keep ${what} for the host (${mask})`,
      step: `echo ${isHosts ? '-' : '+'}0x${formatApid(id)} > /sys/bus/ap/${mask}`,
    };
  };
  return [
    flip('apmask', apmask, apid, `adapter ${formatApid(apid)}`),
    flip('aqmask', aqmask, apqi, `domain ${formatApqi(apqi)}`),
  ];
}

/** The lines that ask for something. */
export const stepsOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
