import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { type Permission, useSession } from '../shared/api';
import { Frame } from '../shared/Frame';
import { Account } from './Account';
import { Audit } from './Audit';
import { Prices } from './Prices';
import { Reidentify } from './Reidentify';
import { Rules } from './Rules';
import './settings.css';
import { Tokens } from './Tokens';
import { Urgencies } from './Urgencies';
import { Users } from './Users';
import { Egress, Readers, Service } from './Values';
import { Vocabulary } from './Vocabulary';
import { Windows } from './Windows';

const SECTIONS: readonly { id: string; name: string; needs: Permission; shows: () => ReactNode }[] = [
  { id: 'account', name: 'My account', needs: 'own_account', shows: () => <Account /> },
  { id: 'service', name: 'Service', needs: 'settings_view', shows: () => <Service /> },
  { id: 'readers', name: 'Readers and panels', needs: 'settings_view', shows: () => <Readers /> },
  { id: 'rules', name: 'Routing rules', needs: 'settings_view', shows: () => <Rules /> },
  { id: 'prices', name: 'Prices', needs: 'settings_view', shows: () => <Prices /> },
  { id: 'urgency', name: 'Urgency', needs: 'settings_view', shows: () => <Urgencies /> },
  { id: 'egress', name: 'What may leave', needs: 'settings_view', shows: () => <Egress /> },
  { id: 'windows', name: 'Windows', needs: 'study_view', shows: () => <Windows /> },
  { id: 'vocabulary', name: 'Vocabulary', needs: 'study_view', shows: () => <Vocabulary /> },
  { id: 'users', name: 'People and roles', needs: 'users_change', shows: () => <Users /> },
  { id: 'tokens', name: 'Tokens', needs: 'users_change', shows: () => <Tokens /> },
  { id: 'audit', name: 'Audit', needs: 'audit_view', shows: () => <Audit /> },
  { id: 'reidentify', name: 'Pseudonyms', needs: 'reidentify', shows: () => <Reidentify /> },
];

/** What a person may see of the site's settings, and the own account. Sections that a role may not see are not there. */
export default function Settings({ section }: { section: string | undefined }) {
  const { data } = useSession();
  const mine = SECTIONS.filter((one) => data?.permissions.includes(one.needs));
  const here = section === undefined ? mine[0] : mine.find((one) => one.id === section);
  return (
    <Frame title="Settings">
      <div className="settings-page">
        <nav aria-label="Sections of the settings" className="settings-list">
          {mine.map((one) => (
            <Link key={one.id} href={`/settings/${one.id}`} aria-current={one === here ? 'page' : undefined}>
              {one.name}
            </Link>
          ))}
        </nav>
        <div className="settings-section" key={here?.id}>
          {here ? here.shows() : <p role="alert">There is no such section, or your role does not see it.</p>}
        </div>
      </div>
    </Frame>
  );
}
