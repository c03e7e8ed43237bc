import type { Schemas } from '../../shared/api';
import { Figure } from '../Figure';
import { Rows } from '../Rows';

/** How often findings of AI were accepted, edited and rejected, and what humans added. Nobody is named. */
export function Decisions({ told }: { told: Schemas['Decided'] }) {
  const all = { code: '', label: 'all findings', ...told };
  return (
    <>
      <h3>What humans did with AI&apos;s findings</h3>
      <p>
        Studies: {told.studies}. Findings of AI decided on: {told.decided}. Findings added by humans: {told.added}, in{' '}
        <Figure of={told.studies_with_added} unit="percent" /> of the studies. Edits that changed presence:{' '}
        {told.presence_changed}, side: {told.side_changed}.
      </p>
      <Rows
        name="Table: decisions"
        rows={[all, ...told.by_finding]}
        of={(row) => row.code}
        columns={[
          { head: 'Finding', tell: (row) => row.label },
          { head: 'Decided', number: true, tell: (row) => row.decided },
          { head: 'Accepted', number: true, tell: (row) => <Figure of={row.accept} unit="percent" /> },
          { head: 'Edited', number: true, tell: (row) => <Figure of={row.edit} unit="percent" /> },
          { head: 'Rejected', number: true, tell: (row) => <Figure of={row.reject} unit="percent" /> },
          { head: 'Added by humans', number: true, tell: (row) => row.added },
        ]}
      />
    </>
  );
}
