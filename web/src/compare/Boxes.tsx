import { useQuery } from '@tanstack/react-query';
import { api, keys, type Schemas } from '../shared/api';
import { Problem } from '../shared/Problem';
import { type Box, type Place, pictureOf, places } from './boxes';
import { PRESENCE } from './matrix';

const MOST_PLACES = 12;
const WIDTH_PX = 512;
/** The same as over the viewer's images, so that a reader looks the same in both. */
const DASHES = ['8 4', '2 4', '12 4 2 4', '16 6', '4 2', '8 3 2 3 2 3'];

const ORIGINS: Readonly<Record<string, string>> = {
  cam: 'drawn from its attention',
  vlm: 'told by the model',
  vlm_grid: 'told as a cell of a grid',
  human: 'drawn by a human',
};

/** Where each reader saw what: small pictures with each reader's boxes in its own dashes. */
export function Boxes({
  id,
  reads,
  labels,
}: {
  id: string;
  reads: readonly Schemas['ReadView'][];
  labels: Readonly<Record<string, string>>;
}) {
  const pictures = useQuery({
    queryKey: [...keys.study(id), 'pictures', 'compare'],
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}/pictures', { path: { study_id: id }, signal }),
  });
  const found = places(reads);
  const names = reads.map((one) => one.reader.name);
  return (
    <section aria-labelledby="compare-boxes">
      <h2 id="compare-boxes">Where they saw it</h2>
      {found.length === 0 && <p className="dim">No reader drew a box. Many name a finding without a place.</p>}
      {pictures.isError && <Problem problem={pictures.error} retry={() => void pictures.refetch()} />}
      {found.slice(0, MOST_PLACES).map((place) => (
        <Pictures
          key={place.key}
          id={id}
          place={place}
          names={names}
          labels={labels}
          picture={pictures.data ? pictureOf(place, pictures.data.pictures) : undefined}
        />
      ))}
      {found.length > MOST_PLACES && (
        <p className="dim">
          {found.length - MOST_PLACES} more images have boxes; the reading page shows each on its image.
        </p>
      )}
    </section>
  );
}

function Pictures({
  id,
  place,
  names,
  labels,
  picture,
}: {
  id: string;
  place: Place;
  names: readonly string[];
  labels: Readonly<Record<string, string>>;
  picture: Schemas['PictureView'] | null | undefined;
}) {
  if (picture === undefined) return <p role="status">Loading…</p>;
  if (picture === null) return <p className="dim">The picture of {place.boxes.length} boxes is not kept any more.</p>;
  const address = `/api/v1/studies/${id}/pictures/${picture.picture_id}.png?frame=${place.frame}&width=${WIDTH_PX}`;
  const drawn = names.filter((name) => place.boxes.some((box) => box.reader === name));
  return (
    <div className="compare-pictures" data-place={place.key}>
      {drawn.length > 1 && (
        <Picture
          picture={picture}
          address={address}
          title="All readers"
          names={names}
          boxes={place.boxes}
          labels={labels}
        />
      )}
      {drawn.map((name) => (
        <Picture
          key={name}
          picture={picture}
          address={address}
          title={name}
          names={names}
          boxes={place.boxes.filter((box) => box.reader === name)}
          labels={labels}
        />
      ))}
    </div>
  );
}

function Picture({
  picture,
  address,
  title,
  names,
  boxes,
  labels,
}: {
  picture: Schemas['PictureView'];
  address: string;
  title: string;
  names: readonly string[];
  boxes: readonly Box[];
  labels: Readonly<Record<string, string>>;
}) {
  const whose = new Set(boxes.map((box) => box.reader)).size > 1;
  return (
    <figure className="compare-picture" data-reader={title}>
      <div className="compare-frame">
        <img
          src={address}
          alt={`${boxes.length} boxes of ${title}`}
          width={picture.columns ?? undefined}
          height={picture.rows ?? undefined}
          loading="lazy"
        />
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          {boxes.map((box) => (
            <Outline key={`${box.reader}${box.code}${box.corners}`} box={box} number={names.indexOf(box.reader)} />
          ))}
        </svg>
        {boxes.map((box, at) => (
          <span
            key={`${box.reader}${box.code}${box.corners}`}
            className="compare-number"
            aria-hidden="true"
            style={{ left: `${box.corners[0] * 100}%`, top: `${box.corners[1] * 100}%` }}
          >
            {at + 1}
          </span>
        ))}
      </div>
      <figcaption>
        <b>{title}</b>
        <ol>
          {boxes.map((box) => (
            <li key={`${box.reader}${box.code}${box.corners}`}>
              {labels[box.code] ?? box.code}{' '}
              <span className="meta">
                {[whose && box.reader, PRESENCE[box.presence].word, ORIGINS[box.origin] ?? box.origin]
                  .filter(Boolean)
                  .join(', ')}
              </span>
            </li>
          ))}
        </ol>
      </figcaption>
    </figure>
  );
}

function Outline({ box, number }: { box: Box; number: number }) {
  const [x0, y0, x1, y1] = box.corners;
  const at = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
  return (
    <g>
      <rect {...at} className="compare-halo" />
      <rect
        {...at}
        className="compare-line"
        strokeDasharray={DASHES[Math.max(0, number) % DASHES.length]}
        data-reader={box.reader}
      />
    </g>
  );
}
