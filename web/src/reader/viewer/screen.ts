import { Enums, type RenderingEngine, type StackViewport, type Types } from '@cornerstonejs/core';
import { type Affine, apply, inverse, type Shape, type Size, scaleOf, type View } from './geometry';
import type { Lane } from './lane';
import type { Shade } from './tone';

/** What Cornerstone's CPU path draws from (5.14: a field of the viewport, read anew at each drawing). */
interface CpuSide {
  _cpuFallbackEnabledElement: { viewport: Record<string, unknown>; renderingTools: object };
}

/** One element on which Cornerstone draws, exactly as it is told: image, grey and place. It keeps no state to drift. */
export class Screen {
  readonly #engine: RenderingEngine;
  readonly #id: string;
  readonly #lane: Lane;
  readonly element: HTMLDivElement;
  #image: Types.IImage | null = null;

  constructor(engine: RenderingEngine, lane: Lane, id: string, element: HTMLDivElement) {
    this.#engine = engine;
    this.#id = id;
    this.#lane = lane;
    this.element = element;
    engine.enableElement({ viewportId: id, type: Enums.ViewportType.STACK, element });
  }

  get size(): Size {
    return { width: this.element.clientWidth || 1, height: this.element.clientHeight || 1 };
  }

  /** Draw an image. Colour has no shade. */
  draw(image: Types.IImage, shape: Shape, view: View, affine: Affine, shade: Shade | null): void {
    const viewport = this.#engine.getViewport(this.#id) as StackViewport;
    if (this.#image && !alike(this.#image, image)) this.#startAnew(viewport);
    if (this.#image !== image) viewport.renderImageObject(image);
    this.#image = image;
    const grey = shade ?? { lower: 0, upper: 255, inverted: false };
    if (this.#lane === 'cpu') this.#placeByCpu(viewport, shape, view, grey);
    else this.#placeByGpu(viewport, shape, view, affine, grey);
    viewport.render();
  }

  /** Another shape or kind of image: what Cornerstone keeps between drawings would not fit (and warns of itself). */
  #startAnew(viewport: StackViewport): void {
    if (this.#lane === 'cpu') (viewport as unknown as CpuSide)._cpuFallbackEnabledElement.renderingTools = {};
  }

  #placeByCpu(viewport: StackViewport, shape: Shape, view: View, shade: Shade): void {
    const cpu = viewport as unknown as CpuSide;
    const dense = (viewport.canvas.width || 1) / this.size.width;
    const scale = scaleOf(view, shape, this.size);
    const [x, y] = unturned(view, [view.pan[0] / scale, view.pan[1] / scale], shape);
    cpu._cpuFallbackEnabledElement.viewport = {
      ...cpu._cpuFallbackEnabledElement.viewport,
      scale: scale * dense,
      translation: { x, y },
      rotation: view.rotation,
      hflip: view.flipped,
      vflip: false,
      aspectRatio: undefined,
      pixelReplication: false,
      invert: shade.inverted,
      voi: { windowWidth: shade.upper - shade.lower + 1, windowCenter: (shade.upper + shade.lower + 1) / 2 },
      displayedArea: {
        tlhc: { x: 1, y: 1 },
        brhc: { x: shape.columns, y: shape.rows },
        columnPixelSpacing: shape.aspect[0],
        rowPixelSpacing: shape.aspect[1],
        presentationSizeMode: 'NONE',
      },
    };
  }

  #placeByGpu(viewport: StackViewport, shape: Shape, view: View, affine: Affine, shade: Shade): void {
    viewport.setProperties({ voiRange: { lower: shade.lower, upper: shade.upper }, invert: shade.inverted }, true);
    const { width, height } = this.size;
    const back = inverse(affine);
    const at = (x: number, y: number): [number, number] => {
      const [column, row] = apply(back, [x, y]);
      return [(column - 0.5) * shape.aspect[0], (row - 0.5) * shape.aspect[1]];
    };
    const middle = at(width / 2, height / 2);
    const above = at(width / 2, 0);
    const long = Math.hypot(above[0] - middle[0], above[1] - middle[1]) || 1;
    const viewUp: Types.Point3 = [(above[0] - middle[0]) / long, (above[1] - middle[1]) / long, 0];
    const toward = view.flipped ? 1 : -1; // mirrored: looked at from behind
    viewport.setCamera({
      viewUp,
      viewPlaneNormal: [0, 0, toward],
      focalPoint: [middle[0], middle[1], 0],
      position: [middle[0], middle[1], 1000 * toward],
      parallelScale: height / 2 / scaleOf(view, shape, this.size),
    });
  }

  /** Nothing to be seen. */
  clear(): void {
    this.#image = null;
  }

  resize(): void {
    if (this.element.clientWidth > 0 && this.element.clientHeight > 0) this.#engine.resize(true, true);
  }

  destroy(): void {
    if (!this.#engine.hasBeenDestroyed) this.#engine.disableElement(this.#id);
  }
}

function alike(one: Types.IImage, other: Types.IImage): boolean {
  return one.rows === other.rows && one.columns === other.columns && one.color === other.color;
}

/** A shift on the canvas in the terms of Cornerstone's CPU path, which shifts before it stretches oblong pixels. */
function unturned(view: View, [x, y]: readonly [number, number], shape: Shape): readonly [number, number] {
  const lying = view.rotation % 180 !== 0;
  const [wide, high] = lying ? [shape.aspect[1], shape.aspect[0]] : shape.aspect;
  return [x / wide, y / high];
}
