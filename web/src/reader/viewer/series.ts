import { api, keys, queries, type Schemas } from '../../shared/api';
import type { Header } from './dicom';
import { inOrder, type Picture, picturesOf } from './picture';

export type Study = Schemas['StudyView'];
export type SeriesInfo = Schemas['SeriesView'];

/** A bare picture, as `GET /studies/{id}/pictures` tells it. */
interface ToldPicture {
  picture_id: string;
  file: string;
  sop_instance_uid: string | null;
  series_uid: string | null;
  is_dicom: boolean;
  frames: number;
  rows: number;
  columns: number;
  modality: string | null;
}

const FRESH_MS = 30_000;

/** The pictures of a series in their order: of DICOM objects by their headers, of bare pictures as the service lists them. */
export function picturesIn(study: Study, series: SeriesInfo): Promise<Picture[]> {
  return queries.fetchQuery({
    queryKey: [...keys.study(study.study_id), 'series', series.series_uid ?? 'bare'],
    queryFn: ({ signal }) => (series.series_uid ? fromHeaders(study, series.series_uid, signal) : bare(study, signal)),
    staleTime: FRESH_MS,
  });
}

async function fromHeaders(study: Study, seriesUid: string, signal: AbortSignal): Promise<Picture[]> {
  const studyUid = study.study_uid ?? '';
  const path = `/dicom-web/studies/${studyUid}/series/${seriesUid}/metadata`;
  const answer = await api.send('get', path, { signal, headers: { accept: 'application/dicom+json' } }, 120);
  const headers = (await answer.json()) as Header[];
  return inOrder(headers.map((header) => picturesOf(header, { studyId: study.study_id, studyUid, seriesUid })));
}

async function bare(study: Study, signal: AbortSignal): Promise<Picture[]> {
  const answer = await api.send('get', `/api/v1/studies/${study.study_id}/pictures`, { signal });
  const told = (await answer.json()) as { pictures: ToldPicture[] };
  return told.pictures.filter((one) => !one.is_dicom).flatMap((one, at) => pagesOf(study, one, at));
}

function pagesOf(study: Study, told: ToldPicture, at: number): Picture[] {
  return Array.from({ length: Math.max(1, told.frames) }, (_, page) => {
    const drawnUrl = `/api/v1/studies/${study.study_id}/pictures/${told.picture_id}.png?frame=${page + 1}`;
    return {
      id: `wetread:${drawnUrl}`,
      studyId: study.study_id,
      seriesUid: null,
      sopInstanceUid: null,
      file: told.file,
      frame: page + 1,
      frames: told.frames,
      rows: told.rows,
      columns: told.columns,
      aspect: [1, 1],
      frameUrl: null,
      drawnUrl,
      header: null,
      tone: null,
      modality: told.modality,
      bodyPart: null,
      seriesNumber: null,
      number: at + 1,
      spacing: null,
      atDetector: false,
      cosines: null,
      sides: [],
      position: null,
      space: null,
      lossy: null,
      frameTimeMs: null,
    };
  });
}

/** A small picture of a series. */
export function thumbnailOf(study: Study, series: SeriesInfo): string | null {
  if (!study.study_uid || !series.series_uid || series.images === 0) return null;
  return `/dicom-web/studies/${study.study_uid}/series/${series.series_uid}/thumbnail`;
}

/** "CT 3 · chest 5 mm": a series in words. */
export function seriesWords(series: SeriesInfo): string {
  const place = [series.modality, series.number].filter((one) => one !== null && one !== undefined).join(' ');
  return [place || 'pictures', series.description ?? series.body_part].filter(Boolean).join(' · ');
}

/** How long before (or after) another study: "3 months earlier". */
export function ageWords(prior: Study, current: Study): string {
  const at = (study: Study): number => Date.parse(study.study_date ?? study.arrived_at);
  const days = Math.round((at(current) - at(prior)) / 86_400_000);
  if (!Number.isFinite(days)) return 'another time';
  if (days === 0) return 'the same day';
  const far = Math.abs(days);
  const [count, unit] =
    far < 61 ? [far, 'day'] : far < 730 ? [Math.round(far / 30.44), 'month'] : [Math.round(far / 365.25), 'year'];
  return `${count} ${unit}${count === 1 ? '' : 's'} ${days > 0 ? 'earlier' : 'later'}`;
}
