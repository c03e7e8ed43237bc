import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'wouter';
import { type Permission, useSession } from '../shared/api';
import { Frame } from '../shared/Frame';
import { Costs } from './Costs';
import { Day } from './Day';
import { Jobs } from './Jobs';
import { Messages } from './Messages';
import { Now } from './Now';
import './operations.css';
import { Orders } from './Orders';
import { Providers } from './Providers';

const PARTS: readonly { id: string; name: string; needs: Permission; shows: () => ReactNode }[] = [
  { id: 'now', name: 'Now', needs: 'operations', shows: () => <Now /> },
  { id: 'day', name: 'Day', needs: 'operations', shows: () => <Day /> },
  { id: 'jobs', name: 'Jobs', needs: 'operations', shows: () => <Jobs /> },
  {
    id: 'readers',
    name: 'Readers and costs',
    needs: 'operations',
    shows: () => (
      <>
        <Providers />
        <Costs />
      </>
    ),
  },
  { id: 'messages', name: 'Messages', needs: 'operations', shows: () => <Messages /> },
  { id: 'orders', name: 'Orders', needs: 'study_view', shows: () => <Orders /> },
];

/** How the service does: the queue, the day, what failed, the readers and their cost, messages and orders. */
export default function Operations() {
  const { data } = useSession();
  const [search] = useSearchParams();
  const parts = PARTS.filter((part) => data?.permissions.includes(part.needs));
  const here = parts.find((part) => part.id === search.get('part')) ?? parts[0];
  return (
    <Frame title="Operations">
      <div className="operations-page">
        <nav aria-label="Parts of operations" className="operations-parts">
          {parts.map((part) => (
            <Link key={part.id} href={`/operations?part=${part.id}`} aria-current={part === here ? 'page' : undefined}>
              {part.name}
            </Link>
          ))}
        </nav>
        {here ? here.shows() : <p role="alert">Your role sees nothing of the operations.</p>}
      </div>
    </Frame>
  );
}
