import { Component, lazy, type ReactNode, Suspense } from 'react';
import { Redirect, Route, Switch, useLocation, useSearch } from 'wouter';
import { useEvents, useSession } from './shared/api';
import { Problem } from './shared/Problem';
import Worklist from './worklist/Worklist';

const Reader = lazy(() => import('./reader/Reader'));
const Compare = lazy(() => import('./compare/Compare'));
const Print = lazy(() => import('./print/Print'));
const Operations = lazy(() => import('./operations/Operations'));
const Evaluation = lazy(() => import('./evaluation/Evaluation'));
const Settings = lazy(() => import('./settings/Settings'));
const About = lazy(() => import('./about/About'));
const Login = lazy(() => import('./login/Login'));
const Setup = lazy(() => import('./setup/Setup'));

/** The pages by their address. Whoever is not logged in sees the login page and comes back afterwards. */
export function App() {
  return (
    <Boundary>
      <Suspense fallback={<p role="status">Loading…</p>}>
        <Switch>
          <Route path="/login" component={Login} />
          <Route path="/setup" component={Setup} />
          <Route path="/about" component={About} />
          <Route>
            <Inside />
          </Route>
        </Switch>
      </Suspense>
    </Boundary>
  );
}

function Inside() {
  const session = useSession();
  const [here] = useLocation();
  const search = useSearch();
  useEvents(Boolean(session.data?.permissions.includes('worklist')));
  if (session.isPending) return <p role="status">Loading…</p>;
  if (session.isError) return <Problem problem={session.error} retry={() => void session.refetch()} />;
  if (session.data === null)
    return <Redirect to={`/login?next=${encodeURIComponent(search === '' ? here : `${here}?${search}`)}`} replace />;
  return (
    <Switch>
      <Route path="/">
        {session.data.permissions.includes('worklist') ? <Worklist /> : <Redirect to="/settings" />}
      </Route>
      <Route path="/study/:id">{({ id }) => <Reader key={id} id={id} />}</Route>
      <Route path="/study/:id/compare">{({ id }) => <Compare id={id} />}</Route>
      <Route path="/study/:id/report">{({ id }) => <Print id={id} />}</Route>
      <Route path="/operations" component={Operations} />
      <Route path="/evaluation" component={Evaluation} />
      <Route path="/settings/:section?">{({ section }) => <Settings section={section} />}</Route>
      <Route>
        <p role="alert">There is no such page.</p>
      </Route>
    </Switch>
  );
}

/** Where a page breaks it says so, instead of leaving a black screen. */
class Boundary extends Component<{ children: ReactNode }, { problem: unknown }> {
  override state = { problem: null };

  static getDerivedStateFromError(problem: unknown) {
    return { problem };
  }

  override render() {
    if (this.state.problem === null) return this.props.children;
    return <Problem problem={this.state.problem} retry={() => window.location.reload()} />;
  }
}
