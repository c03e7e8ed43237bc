import type { Schemas } from '../../shared/api';
import { Figure } from '../Figure';
import type { Column } from '../Rows';

export type Line = Schemas['Line'];

/** What is told of each line, whatever it is a line of. */
export const LINE_COLUMNS: readonly Column<Line>[] = [
  { head: 'Studies', number: true, tell: (row) => row.studies },
  { head: 'PPV', number: true, tell: (row) => <Figure of={row.ppv} unit="percent" /> },
  { head: 'Sensitivity', number: true, tell: (row) => <Figure of={row.sensitivity} unit="percent" /> },
  { head: 'Specificity', number: true, tell: (row) => <Figure of={row.specificity} unit="percent" /> },
  { head: 'Both told', number: true, tell: (row) => row.told_both },
  { head: 'Missed', number: true, tell: (row) => row.missed },
  { head: 'Overcalled', number: true, tell: (row) => row.overcalled },
  { head: 'AI uncertain', number: true, tell: (row) => row.hedged },
];
