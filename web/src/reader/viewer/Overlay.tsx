import type { Heat, Mark } from './contract';
import { apply, lengthWords, type Point } from './geometry';
import type { Picture } from './picture';
import type { Draft } from './pointer';
import type { Scene } from './scene';

/** A length that a person measured on one picture. */
export interface Length {
  id: number;
  picture: string;
  from: Point;
  to: Point;
}

const DASHES = ['8 4', '2 4', '12 4 2 4', '16 6', '4 2', '8 3 2 3 2 3'];
const SOLID = new Set(['consensus', 'human']);

/** Whether a mark lies on this very picture: its own instance and frame, never another's. */
export function liesOn(mark: Mark, picture: Picture, studyId: string): boolean {
  if (picture.studyId !== studyId || mark.frame !== picture.frame) return false;
  return mark.sopInstanceUid ? mark.sopInstanceUid === picture.sopInstanceUid : mark.file === picture.file;
}

/** What lies over a picture: heat maps, marks, lengths. All of it follows the one matrix from pixels to the canvas. */
export function Overlay(props: {
  scene: Scene;
  marks: readonly Mark[];
  /** Every reader of the study, so that each keeps its dashes on every picture. */
  readers: readonly string[];
  heat: readonly Heat[];
  lengths: readonly Length[];
  draft: Draft | null;
}) {
  const { scene, marks, readers, heat, lengths, draft } = props;
  const { picture, affine, size } = scene;
  if (!picture || !affine) return null;
  const matrix = `matrix(${affine.join(' ')})`;
  return (
    <svg className="viewer-overlay" aria-hidden="true" width={size.width} height={size.height}>
      <g transform={matrix}>
        {heat.map((one) => (
          <image
            key={one.url}
            href={one.url}
            width={picture.columns}
            height={picture.rows}
            preserveAspectRatio="none"
            data-heat={one.sopInstanceUid}
          />
        ))}
        {marks.map((mark) => (
          <Box key={mark.id} mark={mark} picture={picture} dashes={dashesOf(mark.by, readers)} />
        ))}
        {draft?.kind === 'box' && <rect className="viewer-draft" {...spanOf(draft.from, draft.to)} />}
      </g>
      {marks.map((mark) => (
        <Label key={mark.id} mark={mark} at={apply(affine, topLeft(mark, picture, scene))} />
      ))}
      {lengths.map((one) => (
        <Line key={one.id} from={one.from} to={one.to} scene={scene} picture={picture} />
      ))}
      {draft?.kind === 'length' && <Line from={draft.from} to={draft.to} scene={scene} picture={picture} />}
    </svg>
  );
}

function dashesOf(by: string, readers: readonly string[]): string | undefined {
  return SOLID.has(by) ? undefined : DASHES[Math.max(0, readers.indexOf(by)) % DASHES.length];
}

function Box({ mark, picture, dashes }: { mark: Mark; picture: Picture; dashes: string | undefined }) {
  const [x0, y0, x1, y1] = mark.box;
  const place = spanOf([x0 * picture.columns, y0 * picture.rows], [x1 * picture.columns, y1 * picture.rows]);
  const whose = SOLID.has(mark.by) ? mark.by : 'reader';
  return (
    <g className={`viewer-mark viewer-mark-${whose}`} data-selected={mark.selected}>
      <rect className="viewer-halo" {...place} />
      <rect className="viewer-line" {...place} strokeDasharray={dashes} data-mark={mark.id} data-by={mark.by} />
    </g>
  );
}

/** The corner of a mark that is the upper left one on the canvas, in image pixels. */
function topLeft(mark: Mark, picture: Picture, scene: Scene): Point {
  const [x0, y0, x1, y1] = mark.box;
  const corners = [x0, x1].flatMap((x) => [y0, y1].map((y): Point => [x * picture.columns, y * picture.rows]));
  const far = (point: Point): number => {
    const [x, y] = scene.affine ? apply(scene.affine, point) : point;
    return x + y;
  };
  return corners.reduce((best, one) => (far(one) < far(best) ? one : best));
}

function Label({ mark, at }: { mark: Mark; at: Point }) {
  const whose = SOLID.has(mark.by) ? mark.by : 'reader';
  return (
    <text
      className={`viewer-words viewer-words-${whose}`}
      data-selected={mark.selected}
      x={at[0] + 2}
      y={Math.max(12, at[1] - 6)}
    >
      {mark.by === 'consensus' ? mark.label : `${mark.label} · ${mark.by}`}
    </text>
  );
}

function Line({ from, to, scene, picture }: { from: Point; to: Point; scene: Scene; picture: Picture }) {
  if (!scene.affine) return null;
  const [[x1, y1], [x2, y2]] = [apply(scene.affine, from), apply(scene.affine, to)];
  const where = picture.spacing && picture.atDetector ? ' at the detector' : '';
  return (
    <g className="viewer-length">
      <line className="viewer-halo" x1={x1} y1={y1} x2={x2} y2={y2} />
      <line className="viewer-line" x1={x1} y1={y1} x2={x2} y2={y2} />
      <text className="viewer-words" x={x2 + 6} y={y2 - 6} data-length="">
        {lengthWords(from, to, picture.spacing) + where}
      </text>
    </g>
  );
}

function spanOf(from: Point, to: Point): { x: number; y: number; width: number; height: number } {
  return {
    x: Math.min(from[0], to[0]),
    y: Math.min(from[1], to[1]),
    width: Math.abs(to[0] - from[0]),
    height: Math.abs(to[1] - from[1]),
  };
}
