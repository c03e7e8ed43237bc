import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, type Schemas, useSession } from '../shared/api';
import { Frame } from '../shared/Frame';
import { Problem } from '../shared/Problem';
import './about.css';
import { KEYS } from './keys';

/** What this is for and what it is not for, which versions run and who signed what they rest on; open to everyone. */
export default function About() {
  const about = useQuery({
    queryKey: ['about'],
    queryFn: ({ signal }) => api.get('/api/v1/about', { signal }),
    staleTime: 600_000,
  });
  return (
    <Frame title="About wetread">
      <div className="about">
        {about.isPending && <p role="status">Loading…</p>}
        {about.isError && <Problem problem={about.error} retry={() => void about.refetch()} />}
        {about.data && <Told about={about.data} />}
      </div>
    </Frame>
  );
}

function Told({ about }: { about: Schemas['About'] }) {
  const { data: session } = useSession();
  return (
    <>
      <p className="about-statement">{about.statement}</p>
      {session === null && (
        <p>
          You are not logged in. <Link href="/login">Log in</Link>
        </p>
      )}
      <div className="about-columns">
        <Points title="What it is for" points={about.intended_use} />
        <Points title="What it is not for" points={about.not_for} />
      </div>
      <p className="meta">
        Intended use, version {about.intended_use_version}. {about.note}
        {about.reviewed_by && ` Reviewed by ${about.reviewed_by}.`}
      </p>
      <div className="about-columns">
        <Versions about={about} />
        <Keys />
      </div>
    </>
  );
}

function Points({ title, points }: { title: string; points: readonly string[] }) {
  return (
    <section className="card">
      <h2>{title}</h2>
      <ul>
        {points.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
    </section>
  );
}

function Versions({ about }: { about: Schemas['About'] }) {
  return (
    <section className="card">
      <h2>Versions and signatures</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Version</th>
            <th scope="col">Signed by</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{about.name}</th>
            <td>{about.version}</td>
            <td className="dim">–</td>
          </tr>
          {about.policies.map((one) => (
            <tr key={one.name}>
              <th scope="row">{one.name}</th>
              <td>{one.version}</td>
              <td>{one.signed_off_by ?? <span className="about-unsigned">nobody yet</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        Apache-2.0. <a href="/licenses.md">Licences of the parts of these pages</a>
      </p>
    </section>
  );
}

function Keys() {
  return (
    <section className="card">
      <h2>Keys</h2>
      <p className="dim">
        <kbd>?</kbd> shows every key of the page you are on. The ones used most:
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Where</th>
            <th scope="col">Key</th>
            <th scope="col">Does</th>
          </tr>
        </thead>
        <tbody>
          {KEYS.map((one) => (
            <tr key={`${one.where} ${one.keys}`}>
              <td>{one.where}</td>
              <td className="about-keys">
                {one.keys.split(' ').map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </td>
              <td>{one.does}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
