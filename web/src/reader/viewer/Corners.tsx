import { person } from '../../shared/person';
import { letters, scaleOf } from './geometry';
import { depthOf } from './picture';
import type { Scene } from './scene';
import type { Study } from './series';
import { windowWords } from './tone';

/** What a radiologist reads in the corners: whose picture this is, which one, and how it is shown. */
export function Corners({ scene, study, prior }: { scene: Scene; study: Study; prior: string | null }) {
  const { picture, pictures, index } = scene;
  return (
    <div className="viewer-corners">
      <div className="viewer-corner viewer-tl" data-testid="corner-patient">
        {prior && <strong className="viewer-prior">PRIOR · {prior}</strong>}
        <span>{study.patient.name === null ? 'name not known' : person(study.patient.name)}</span>
        <span>{[study.patient.patient_id, study.patient.birth_date].filter(Boolean).join(' · ')}</span>
      </div>
      <div className="viewer-corner viewer-tr" data-testid="corner-study">
        <span>{[study.study_date, study.description].filter(Boolean).join(' · ')}</span>
        {picture && <span>{placeWords(scene)}</span>}
      </div>
      <div className="viewer-corner viewer-bl" data-testid="corner-slice">
        {picture && warnings(scene).map((word) => <em key={word}>{word}</em>)}
        {pictures.length > 0 && (
          <span>
            Image {index + 1} / {pictures.length}
            {picture && depthWords(scene)}
          </span>
        )}
      </div>
      <div className="viewer-corner viewer-br" data-testid="corner-window">
        {picture && scene.state === 'shown' && (
          <>
            <span data-testid="window">{greyWords(scene)}</span>
            <span data-testid="zoom">Zoom {Math.round(scaleOf(scene.view, picture, scene.size) * 100)} %</span>
          </>
        )}
      </div>
      <Letters scene={scene} />
    </div>
  );
}

function placeWords({ picture }: Scene): string {
  const parts = [
    picture?.modality,
    picture?.seriesNumber !== null && picture?.seriesNumber !== undefined ? `series ${picture.seriesNumber}` : null,
    picture?.number !== null && picture?.number !== undefined ? `image ${picture.number}` : null,
    picture && picture.frames > 1 ? `frame ${picture.frame} of ${picture.frames}` : null,
  ];
  return parts.filter(Boolean).join(' · ');
}

function depthWords({ picture }: Scene): string {
  const depth = picture ? depthOf(picture) : null;
  return depth === null ? '' : ` · ${depth.toFixed(1)} mm`;
}

/** How the grey is made: the window in numbers, its name, and whether it is turned round. */
export function greyWords({ loaded, window, turned }: Scene): string {
  if (loaded?.colour) return 'colour';
  if (!window) return '';
  return [windowWords(window), window.name, turned ? 'inverted' : null].filter(Boolean).join(' · ');
}

/** What one must know before one trusts the picture. */
export function warnings({ picture, loaded }: Scene): string[] {
  const found: string[] = [];
  if (loaded?.drawnBy === 'service') found.push('drawn by the server');
  if (picture?.lossy) found.push(picture.lossy);
  if (picture && picture.spacing === null) found.push('uncalibrated');
  return found;
}

function Letters({ scene: { picture, affine } }: { scene: Scene }) {
  const found = picture && affine ? letters(picture.cosines, picture.sides, affine) : null;
  if (!found) return null;
  return (
    <div data-testid="orientation">
      <span className="viewer-letter viewer-letter-left">{found.left}</span>
      <span className="viewer-letter viewer-letter-right">{found.right}</span>
      <span className="viewer-letter viewer-letter-top">{found.top}</span>
      <span className="viewer-letter viewer-letter-bottom">{found.bottom}</span>
    </div>
  );
}
