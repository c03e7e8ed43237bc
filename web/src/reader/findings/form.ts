/** A finding as a form holds it, and as the API takes it. Pure. */
import type { Schemas } from '../../shared/api';
import type { FindingView } from '../asked';
import type { Drawn } from '../viewer/contract';
import { standing } from '../words';

export interface FindingForm {
  /** Null: a new finding. */
  view: FindingView | null;
  code: string;
  presence: Schemas['Presence'];
  laterality: Schemas['Laterality'] | '';
  location: string;
  severity: string;
  rationale: string;
  boxes: Drawn[];
  /** Whether the boxes are other ones than those that stood. */
  redrawn: boolean;
}

const BLANK = { laterality: '', location: '', severity: '', rationale: '', boxes: [], redrawn: false } as const;

/** The form of a finding as it stands. */
export function editForm(view: FindingView): FindingForm {
  const finding = standing(view);
  const boxes = (finding.evidence ?? []).flatMap((one) =>
    one.sop_instance_uid ? [{ sop_instance_uid: one.sop_instance_uid, frame: one.frame, box: one.box }] : [],
  );
  return {
    ...BLANK,
    view,
    code: finding.code,
    presence: finding.presence,
    laterality: finding.laterality ?? '',
    location: finding.location ?? '',
    severity: finding.severity ?? '',
    rationale: finding.rationale ?? '',
    boxes,
  };
}

/** The form of a finding that nobody told yet. */
export function addForm(): FindingForm {
  return { ...BLANK, view: null, code: '', presence: 'present', boxes: [] };
}

/** The same with one box more. */
export function withBox(form: FindingForm, drawn: Drawn): FindingForm {
  return { ...form, boxes: form.redrawn ? [...form.boxes, drawn] : [drawn], redrawn: true };
}

/** What is wrong with a field, by its name. */
export function wrong(form: FindingForm): Partial<Record<'code' | 'location' | 'severity' | 'rationale', string>> {
  const told: Partial<Record<'code' | 'location' | 'severity' | 'rationale', string>> = {};
  if (form.code === '') told.code = 'Choose a finding of the list';
  for (const name of ['location', 'severity', 'rationale'] as const) {
    if (form[name].trim().length > 500) told[name] = 'At most 500 characters';
  }
  return told;
}

/** What the API is told: null empties a field, and boxes that nobody touched are left out so that they stay. */
export function toldOf(form: FindingForm): Omit<Schemas['NewFinding'], 'code'> {
  const words = (text: string): string | null => text.trim() || null;
  return {
    presence: form.presence,
    laterality: form.laterality || null,
    location: words(form.location),
    severity: words(form.severity),
    rationale: words(form.rationale),
    ...(form.redrawn ? { evidence: form.boxes } : {}),
  };
}
