import { Figure } from '../Figure';
import { LooseFacts } from '../Loose';
import { Rows } from '../Rows';
import type { Metrics } from '../told';
import { cell } from '../words';

/** The data card (T1), the shortcut controls, and what the figures rest on. */
export function Data({ told }: { told: Metrics }) {
  const { prevalence, ...data } = told.data;
  return (
    <section aria-labelledby="evaluation-data">
      <h3 id="evaluation-data">
        Cases <span className="meta">T1</span>
      </h3>
      <p>
        {cell(data.test)} test cases of {cell(data.patients)} patients, {cell(data.abnormal)} abnormal;{' '}
        {cell(data.calib)} calibration cases. Intervals are of 95 %, over {cell(data.draws)} resamples of patients with
        seed {String(data.seed)}; proportions by Wilson.
      </p>
      {told.remarks.length > 0 && (
        <ul>
          {told.remarks.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      {told.shortcuts.length > 0 && <Shortcuts told={told} />}
      <details>
        <summary>How many cases have each finding, and what the figures rest on</summary>
        {typeof prevalence === 'object' && prevalence !== null && (
          <Rows
            name="Table: prevalence"
            rows={Object.entries(prevalence)}
            of={([code]) => code}
            columns={[
              { head: 'Finding', tell: ([code]) => code },
              { head: 'Test cases', number: true, tell: ([, n]) => cell(n) },
            ]}
          />
        )}
        <LooseFacts name="the cases" told={{ ...data, ...told.manifest, seed: String(data.seed) }} />
      </details>
    </section>
  );
}

function Shortcuts({ told }: { told: Metrics }) {
  return (
    <>
      <h4>Can the labels be told without looking at the organ?</h4>
      <Rows
        name="Table: shortcut controls"
        rows={told.shortcuts}
        of={(row) => row.looks_at}
        columns={[
          { head: 'A plain classifier that sees', tell: (row) => row.looks_at },
          { head: 'Positive', number: true, tell: (row) => row.n_pos },
          { head: 'AUROC of any finding', number: true, tell: (row) => <Figure of={row.auroc} /> },
          { head: 'Tells the classes', tell: (row) => (row.tells ? '▲ yes' : 'no') },
        ]}
      />
    </>
  );
}
