import { useState } from 'react';
import { Chart } from '../chart/Chart';
import { Rows } from '../Rows';
import { LINE_COLUMNS, type Line } from './lines';
import { course } from './weeks';

/** PPV and sensitivity of one reader, week by week. */
export function Weeks({ weeks }: { weeks: readonly Line[] }) {
  const readers = [...new Set(weeks.map((one) => one.reader))];
  const [chosen, choose] = useState<string | null>(null);
  const reader = chosen !== null && readers.includes(chosen) ? chosen : readers[0];
  const own = weeks.filter((one) => one.reader === reader);
  if (reader === undefined) return null;
  const lines = [
    { name: 'PPV', points: course(own, 'ppv') },
    { name: 'sensitivity', points: course(own, 'sensitivity') },
  ];
  return (
    <>
      <div className="row">
        <h3>Week by week</h3>
        <label className="row">
          Reader
          <select value={reader} onChange={(event) => choose(event.target.value)}>
            {readers.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      {lines.some((one) => one.points.length > 1) && (
        <Chart
          title={`PPV and sensitivity of ${reader} by week`}
          x={{ name: 'weeks before the last one', digits: 0 }}
          y={{ name: 'share', from: 0, to: 1 }}
          lines={lines}
        />
      )}
      <Rows
        name="Table: weeks"
        rows={own}
        of={(row) => row.week ?? ''}
        columns={[{ head: 'Week of (UTC)', tell: (row) => row.week }, ...LINE_COLUMNS]}
      />
    </>
  );
}
