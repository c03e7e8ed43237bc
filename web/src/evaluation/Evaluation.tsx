import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useMay } from '../shared/api';
import { Frame } from '../shared/Frame';
import { Discordance } from './discordance/Discordance';
import { Drift } from './drift/Drift';
import { Errors } from './errors/Errors';
import './evaluation.css';
import { Figures } from './figures/Figures';
import { Gate } from './gate/Gate';
import { Queue } from './queue/Queue';

const PARTS: readonly { id: string; name: string; shows: () => ReactNode }[] = [
  { id: 'figures', name: 'Figures', shows: () => <Figures /> },
  { id: 'errors', name: 'Errors', shows: () => <Errors /> },
  { id: 'discordance', name: 'Discordance', shows: () => <Discordance /> },
  { id: 'drift', name: 'Drift', shows: () => <Drift /> },
  { id: 'gate', name: 'Gate', shows: () => <Gate /> },
  { id: 'queue', name: 'Queue', shows: () => <Queue /> },
];

/** How good readers are here: measured figures, their errors, AI against reports, drift, the gate, the queue. */
export default function Evaluation() {
  const may = useMay('evaluation_view');
  const [search] = useSearchParams();
  const here = PARTS.find((part) => part.id === search.get('part')) ?? PARTS[0];
  return (
    <Frame title="Evaluation">
      <div className="evaluation-page">
        {may ? (
          <>
            <nav aria-label="Parts of the evaluation" className="evaluation-parts">
              {PARTS.map((part) => (
                <Link
                  key={part.id}
                  href={`/evaluation?part=${part.id}`}
                  aria-current={part === here ? 'page' : undefined}
                >
                  {part.name}
                </Link>
              ))}
            </nav>
            {here?.shows()}
          </>
        ) : (
          <p role="alert">Your role does not see evaluations.</p>
        )}
      </div>
    </Frame>
  );
}
