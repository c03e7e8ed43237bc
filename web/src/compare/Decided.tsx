import type { Schemas } from '../shared/api';
import { percent } from '../shared/figures';
import { Urgency } from '../shared/Urgency';

/** What the panel made of the answers: how votes counted, who lost theirs, why a human is asked first. */
export function Decided({ told }: { told: Schemas['ConsensusView'] }) {
  const { consensus } = told;
  return (
    <section aria-labelledby="compare-panel" className="card">
      <div className="row">
        <h2 id="compare-panel">How the panel decided</h2>
        <Urgency priority={told.urgency.priority} />
      </div>
      {consensus === null ? (
        <p className="compare-failed">⊘ No reader answered: there is no joined answer. That is not "nothing found".</p>
      ) : (
        <dl className="compare-facts">
          <dt>Votes</dt>
          <dd>{consensus.weighting}</dd>
          <dt>Readers that counted</dt>
          <dd>{consensus.readers.join(', ')}</dd>
          <dt>Agreement</dt>
          <dd>{typeof consensus.agreement === 'number' ? percent(consensus.agreement) : '– (one reader has none)'}</dd>
          <dt>Probability of anything abnormal</dt>
          <dd>{consensus.abnormal_probability === null ? '–' : percent(consensus.abnormal_probability)}</dd>
          <List name="A human first, because" lines={consensus.escalated} />
          <List name="Lost all votes" lines={consensus.discounted} />
          <List
            name="Votes that did not count"
            lines={consensus.excluded?.map((one) => `${one.reader}, ${one.group}: ${one.reason}`)}
          />
          <List name="Figures not used" lines={consensus.figures_not_used} />
        </dl>
      )}
      <h3>Why this urgency</h3>
      <ul>
        {told.urgency.reasons.map((one) => (
          <li key={`${one.rule_id}-${one.text}`}>
            {one.text} <span className="meta">({one.rule_id})</span>
          </li>
        ))}
      </ul>
      <p className="meta">Urgency policy {told.urgency.policy_version}</p>
    </section>
  );
}

function List({ name, lines }: { name: string; lines: readonly string[] | undefined }) {
  if (!lines?.length) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <ul>
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </dd>
    </>
  );
}
