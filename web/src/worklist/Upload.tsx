import { useMutation, useQuery } from '@tanstack/react-query';
import { upload } from '@wetread/client';
import { type DragEvent, useState } from 'react';
import { Link } from 'wouter';
import { api, keys, type Schemas } from '../shared/api';
import { Dialog } from '../shared/Dialog';
import { Problem } from '../shared/Problem';

const LOOK_MS = 1000;

/** Send images: DICOM objects, pictures, or a ZIP of them. What became of each file is told, also what could not be used. */
export default function Upload({ onClose }: { onClose: () => void }) {
  const [sent, setSent] = useState<number | null>(null);
  const [over, setOver] = useState(false);
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: (files: readonly File[]) =>
      upload(api, files, { onProgress: (p) => setSent(p.totalBytes ? p.sentBytes / p.totalBytes : null) }),
  });
  const take = (files: FileList | null): void => {
    if (files?.length && !isPending) mutate([...files]);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  return (
    <Dialog title="Upload images" onClose={onClose}>
      <label
        className="worklist-drop"
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <span>DICOM, PNG, JPEG, TIFF, or a ZIP of them. Choose files, or drop them here.</span>
        <input type="file" multiple disabled={isPending} onChange={(event) => take(event.target.files)} />
      </label>
      {isPending && (
        <label>
          Sending… <progress value={sent ?? undefined} max={1} />
        </label>
      )}
      {error !== null && <Problem problem={error} />}
      {data && <Arrival key={data.arrival_id} sent={data} onOpen={onClose} />}
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}

/** What became of an upload, asked for until it is all looked at. */
function Arrival({ sent, onOpen }: { sent: Schemas['Upload']; onOpen: () => void }) {
  const { data, error } = useQuery({
    queryKey: [...keys.worklist, 'arrival', sent.arrival_id],
    queryFn: ({ signal }) => api.get('/api/v1/uploads/{arrival_id}', { path: { arrival_id: sent.arrival_id }, signal }),
    refetchInterval: ({ state }) => (isDone(state.data, sent) ? false : LOOK_MS),
  });
  const done = isDone(data, sent);
  return (
    <>
      <p role="status">
        {done
          ? `${sent.count} ${sent.count === 1 ? 'file' : 'files'} taken: ${data?.placed ?? 0} placed, ${data?.problems.length ?? 0} could not be used.`
          : `${sent.count} ${sent.count === 1 ? 'file is' : 'files are'} safe and being looked at…`}
      </p>
      {error !== null && <Problem problem={error} />}
      {data && data.problems.length > 0 && (
        <ul className="worklist-kept">
          {data.problems.map((one) => (
            <li key={one.object}>
              <bdi>{nameOf(one.object, sent)}</bdi>: <bdi>{one.problem}</bdi> <span className="dim">{one.remedy}</span>
            </li>
          ))}
        </ul>
      )}
      {data && data.study_ids.length > 0 && (
        <ul className="worklist-kept">
          {data.study_ids.map((study, at) => (
            <li key={study}>
              <Link href={`/study/${study}`} onClick={onOpen}>
                Open study {at + 1}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** A problem speaks of an object as the arrival keeps it, or of a file inside an archive: people know it by its name. */
function nameOf(object: string, sent: Schemas['Upload']): string {
  const bare = (path: string): string => path.replace(`${sent.arrival_id}/`, '').replace(/^(\d+)\.dcm/, '$1');
  const inside = bare(object);
  const known = sent.files.find((one) => inside === bare(one.object) || inside.startsWith(`${bare(one.object)}/`));
  return known ? known.file + inside.slice(bare(known.object).length) : inside;
}

function isDone(told: Schemas['Arrived'] | undefined, sent: Schemas['Upload']): boolean {
  return (
    told !== undefined &&
    told.waiting === 0 &&
    told.closed_at !== null &&
    told.placed + told.problems.length >= Math.min(1, sent.count)
  );
}
