import { useQuery } from '@tanstack/react-query';
import { api } from '../shared/api';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';

/** The CT windows of the viewer's number keys, by body region. */
export function Windows() {
  const windows = useQuery({
    queryKey: ['windows'],
    queryFn: ({ signal }) => api.get('/api/v1/windows', { signal }),
    staleTime: 3_600_000,
  });
  return (
    <>
      <h2>CT windows</h2>
      {windows.isError && <Problem problem={windows.error} retry={() => void windows.refetch()} />}
      {windows.isPending && <p role="status">Loading…</p>}
      {windows.data && (
        <>
          <p className="meta">
            Version {windows.data.version}. {windows.data.reference}. The first of a region stands in where an image
            names no window; pictures for readers are drawn with the same ones.
          </p>
          <Scroll name="Table: CT windows">
            <table>
              <thead>
                <tr>
                  <th scope="col">Region</th>
                  <th scope="col">Window</th>
                  <th scope="col" className="number">
                    Centre (HU)
                  </th>
                  <th scope="col" className="number">
                    Width (HU)
                  </th>
                </tr>
              </thead>
              <tbody>
                {windows.data.presets.map((one) => (
                  <tr key={`${one.region} ${one.name}`}>
                    <th scope="row">{one.region}</th>
                    <td>{one.name}</td>
                    <td className="number">{one.center_hu}</td>
                    <td className="number">{one.width_hu}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </>
      )}
    </>
  );
}
