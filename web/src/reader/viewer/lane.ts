import { cache, init, metaData, RenderingEngine } from '@cornerstonejs/core';
import { init as initCodecs } from '@cornerstonejs/dicom-image-loader';
import { metadataOf } from './loader';

export type Lane = 'gpu' | 'cpu';

const CACHE_BYTES = 1_000_000_000;
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;
let ready: Lane | null = null;
let engines = 0;

/** Start Cornerstone once. Without a GPU, or where software only pretends to be one, pictures are drawn by the CPU. */
export function boot(): Lane {
  if (ready) return ready;
  ready = laneOf(new URLSearchParams(window.location.search).get('render'));
  init({ rendering: { useCPURendering: ready === 'cpu', webGlContextCount: 2 } } as Parameters<typeof init>[0]);
  initCodecs({ maxWebWorkers: Math.max(1, Math.min(4, Math.floor((navigator.hardwareConcurrency || 2) / 2))) });
  cache.setMaxCacheSize(CACHE_BYTES);
  metaData.addProvider(metadataOf, 10_000);
  return ready;
}

/** An engine of its own for each viewer. */
export function newEngine(): RenderingEngine {
  engines += 1;
  return new RenderingEngine(`wetread-${engines}`);
}

function laneOf(asked: string | null): Lane {
  if (asked === 'gpu' || asked === 'cpu') return asked;
  const drawer = rendererName();
  return drawer === null || SOFTWARE.test(drawer) ? 'cpu' : 'gpu';
}

/** What draws WebGL here; null: nothing does. */
function rendererName(): string | null {
  const gl = document.createElement('canvas').getContext('webgl2');
  if (!gl) return null;
  const told = gl.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return String(name);
}
