/** The observer on a mounted host looks by itself: watches wake it, and tell what was written to no effect. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noMount } from '../lab/support.ts';
import { Site } from './site.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';
const MATRIX = 'devices/vfio_ap/matrix';
const CREATE = `${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create`;

describe.skipIf(noMount !== undefined)('an observer that looks by itself', () => {
  let site: Site;
  /** Resolves with the next fact of the type. */
  let next: (type: string) => Promise<unknown>;

  beforeEach(async () => {
    site = await Site.open('7.3', 'adapters=5,6', 'domains=4,5');
    const heard: (() => void)[] = [];
    let from = 0;
    next = async (type) => {
      for (;;) {
        const at = site.kept.facts().findIndex((fact, place) => place >= from && fact.type === type);
        if (at >= 0) {
          from = at + 1;
          return site.kept.facts()[at]?.data;
        }
        await new Promise<void>((resolve) => heard.push(resolve));
      }
    };
    await site.observe();
    const record = site.kept.record.bind(site.kept);
    site.kept.record = async (...given) => {
      await record(...given);
      for (const tell of heard.splice(0)) tell();
    };
    site.observer.start();
    await site.observer.look();
  });
  afterEach(() => site.end());

  it('sees changes of masks, mdevs and assignments, one after the other', async () => {
    await site.type('echo -5 > bus/ap/apmask');
    expect(await next('MaskChanged')).toMatchObject({ mask: 'apmask' });
    await site.type(`echo ${MDEV} > ${CREATE}`);
    expect(await next('MdevCreated')).toEqual({ mdev: MDEV });
    await site.type('echo 5 > assign_adapter', `${MATRIX}/${MDEV}`);
    expect(await next('AdapterAssigned')).toEqual({ mdev: MDEV, adapters: [5] });
    await site.type('echo 1 > remove', `${MATRIX}/${MDEV}`);
    expect(await next('MdevRemoved')).toEqual({ mdev: MDEV });
    expect(site.kept.facts().map(({ type }) => type)).not.toContain('WriteAttempted');
  });

  it('says which file was written and refused', async () => {
    await site.type(`echo ${MDEV} > ${CREATE}`);
    await next('MdevCreated');
    await site.observer.look(); // The mdev's folder is watched from here on.
    expect(await site.type('echo 999 > assign_adapter', `${MATRIX}/${MDEV}`)).not.toBe(0);
    expect(await next('WriteAttempted')).toEqual({ file: `${MATRIX}/${MDEV}/assign_adapter` });
  });
});
