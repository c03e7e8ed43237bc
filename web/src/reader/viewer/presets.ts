import { useQuery } from '@tanstack/react-query';
import { api } from '../../shared/api';
import type { Picture } from './picture';
import type { Window } from './tone';

/** The site's CT windows, as `GET /api/v1/windows` tells them. */
export interface Windows {
  regions: Record<string, string>;
  presets: readonly { region: string; name: string; center_hu: number; width_hu: number }[];
}

const MOST = 6;
const UNKNOWN = 'unknown';

export function useWindows(): Windows | null {
  const { data } = useQuery({
    queryKey: ['windows'],
    queryFn: async ({ signal }) => (await (await api.send('get', '/api/v1/windows', { signal })).json()) as Windows,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data ?? null;
}

function regionOf(windows: Windows, bodyPart: string | null): string {
  return windows.regions[(bodyPart ?? '').toUpperCase().replace(/[^\p{L}\p{N}]/gu, '')] ?? UNKNOWN;
}

/** The windows that keys 1 to 6 set: those of the body region, for CT in Hounsfield units alone. */
export function presetsFor(windows: Windows | null, picture: Picture | null): Window[] {
  if (!windows || !picture?.tone?.hounsfield) return [];
  const region = regionOf(windows, picture.bodyPart);
  return windows.presets
    .filter((one) => one.region === region)
    .slice(0, MOST)
    .map((one) => ({ center: one.center_hu, width: one.width_hu, exact: false, name: one.name }));
}

/** The window for a CT image that names none. */
export function defaultFor(windows: Windows | null, picture: Picture): Window | null {
  return presetsFor(windows, picture)[0] ?? null;
}
