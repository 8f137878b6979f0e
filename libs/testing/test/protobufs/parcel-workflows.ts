import { condition, defineSignal, proxyActivities, setHandler } from '@backstitch/workflow';
import { newParcel, parcels, type Label, type Parcel } from './parcels.js';

const { printLabel } = proxyActivities<{ printLabel(parcel: Parcel): Promise<Label> }>({ startToCloseTimeout: '1 minute' });

export const readdress = defineSignal<[Parcel]>('readdress');

/** Messages come in, go to an activity and back, arrive as signals, and go out. */
export async function send(first: Parcel): Promise<Label> {
  let parcel = first;
  setHandler(readdress, (other) => void (parcel = other));
  await condition(() => parcel !== first);
  const label = await printLabel(newParcel({ ...parcel, to: parcel.to.toUpperCase() }));
  return parcels.Label.create({ text: `${label.text}, ${first.to} no more`, code: label.code }) as unknown as Label;
}
