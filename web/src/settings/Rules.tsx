import { useQuery } from '@tanstack/react-query';
import { api, keys, type Schemas } from '../shared/api';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { text } from './tables';

/** Which studies are read by whom and go where: as understood, and as written. */
export function Rules() {
  const rules = useQuery({
    queryKey: [...keys.settings, 'rules'],
    queryFn: ({ signal }) => api.get('/api/v1/settings/rules', { signal }),
  });
  return (
    <>
      <h2>Routing rules</h2>
      {rules.isError && <Problem problem={rules.error} retry={() => void rules.refetch()} />}
      {rules.isPending && <p role="status">Loading…</p>}
      {rules.data && <Told told={rules.data} />}
    </>
  );
}

function Told({ told }: { told: Schemas['RulesView'] }) {
  return (
    <>
      <p className="meta">
        {told.is_default
          ? 'The site has no rules file of its own: these are the rules that came along. A rules.toml in the data folder, or the file that service.rules_file names, takes their place.'
          : `From ${told.file}; edit that file to change them.`}{' '}
        {told.version !== null && `Version ${told.version}. `}
        {told.time_zone !== null && `Times are of ${told.time_zone}.`}
      </p>
      {told.problems.length > 0 && (
        <div className="card" role="alert">
          <p className="settings-problem">▲ The file can't be used as it is:</p>
          <ul>
            {told.problems.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </div>
      )}
      {told.rules.length === 0 && told.problems.length === 0 && (
        <p>No rule: every study is read by the default readers and goes to every destination.</p>
      )}
      {told.rules.length > 0 && <Understood rules={told.rules} />}
      <h3>As written</h3>
      <Scroll name="The rules as written">
        <pre className="settings-text">{told.text || 'The file is empty.'}</pre>
      </Scroll>
    </>
  );
}

function Understood({ rules }: { rules: readonly Schemas['RuleView'][] }) {
  return (
    <Scroll name="Table: routing rules">
      <table>
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col">When</th>
            <th scope="col">Unless</th>
            <th scope="col">Read by</th>
            <th scope="col">Goes to</th>
            <th scope="col">And</th>
          </tr>
        </thead>
        <tbody>
          {rules.map((one) => (
            <tr key={one.name}>
              <th scope="row">
                {one.name}
                {one.line !== null && <span className="meta"> line {one.line}</span>}
              </th>
              <td>{conditions(one.when) || 'always'}</td>
              <td>{one.unless === null ? '–' : conditions(one.unless)}</td>
              <td>{one.read_by === null ? 'unchanged' : text(one.read_by)}</td>
              <td>{one.send_to === null ? 'unchanged' : text(one.send_to)}</td>
              <td>{also(one)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function conditions(told: Readonly<Record<string, unknown>>): string {
  return Object.entries(told)
    .map(([name, value]) => `${name}: ${text(value)}`)
    .join('; ');
}

function also(one: Schemas['RuleView']): string {
  const told = [
    one.add && 'added to what was said before',
    one.priority && `at least ${one.priority}`,
    one.patient_class && `counts as ${one.patient_class}`,
    one.hold && 'held for a human',
    one.stop && 'no later rule counts',
  ];
  return told.filter(Boolean).join('; ') || '–';
}
