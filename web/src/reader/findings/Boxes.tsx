import { percent } from '../words';
import type { FindingForm } from './form';

/** Where a finding is seen: the boxes that stand, and a way to draw them anew. */
export function Boxes({
  form,
  change,
  draw,
}: {
  form: FindingForm;
  change: (form: FindingForm) => void;
  draw: (() => void) | undefined;
}) {
  const without = (number: number): FindingForm => ({
    ...form,
    boxes: form.boxes.filter((_, at) => at !== number),
    redrawn: true,
  });
  return (
    <fieldset className="reader-boxes">
      <legend>Places on the pictures</legend>
      <ul>
        {form.boxes.map((one, number) => (
          <li key={`${one.sop_instance_uid}/${one.frame}/${one.box.join()}`} className="row">
            <span>{`frame ${one.frame}: from ${percent(one.box[0])} / ${percent(one.box[1])} to ${percent(one.box[2])} / ${percent(one.box[3])}`}</span>
            <button type="button" aria-label={`Remove place ${number + 1}`} onClick={() => change(without(number))}>
              Remove
            </button>
          </li>
        ))}
      </ul>
      {form.boxes.length === 0 && <p className="meta">No place is marked.</p>}
      {draw ? (
        <button type="button" onClick={draw}>
          {form.redrawn || form.boxes.length === 0 ? 'Draw a place' : 'Draw the place anew'}
        </button>
      ) : (
        <p className="meta">Places can be drawn on DICOM pictures only.</p>
      )}
    </fieldset>
  );
}
