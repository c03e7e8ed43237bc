import type { RenderingEngine, Types } from '@cornerstonejs/core';
import { words } from '../../shared/Problem';
import { isAborted } from './frames';
import { affineOf, apply, FITTED, inverse, mirrored, type Point, turned, type View, zoomed } from './geometry';
import type { Lane } from './lane';
import { announce, type Loaded, loadedOf, loadPicture } from './loader';
import type { Picture } from './picture';
import { Prefetch } from './prefetch';
import { EMPTY, type Scene } from './scene';
import { Screen } from './screen';
import { shadeOf, type Window } from './tone';

type Preset = (picture: Picture) => Window | null;

/** A viewport as an object outside React: what was asked for is drawn, in order, the last wish winning. */
export class Stage {
  #scene: Scene = EMPTY;
  #screen: Screen | null = null;
  #image: Types.IImage | null = null;
  #wanted = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The window that a person chose; it stays while one scrolls. */
  #chosen: Window | null = null;
  readonly #prefetch = new Prefetch();
  readonly #listeners = new Set<() => void>();
  readonly #preset: Preset;
  /** Called when a person moved to another picture. */
  onMoved: (() => void) | null = null;

  constructor(preset: Preset) {
    this.#preset = preset;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly scene = (): Scene => this.#scene;

  mount(engine: RenderingEngine, lane: Lane, id: string, element: HTMLDivElement): void {
    this.#screen = new Screen(engine, lane, id, element);
    this.#set({ size: this.#screen.size });
    this.#draw();
  }

  unmount(): void {
    clearTimeout(this.#timer);
    this.#screen?.destroy();
    this.#screen = null;
  }

  /** Take the stage off: nothing is loaded any more. */
  close(): void {
    this.#wanted += 1;
    this.#prefetch.stop();
    this.#set({ ...EMPTY, size: this.#scene.size });
  }

  /** Show a series from this picture on. Window, turns and zoom begin anew. */
  open(pictures: readonly Picture[], index = 0): void {
    announce(pictures);
    this.#chosen = null;
    this.#prefetch.stop();
    this.#set({ ...EMPTY, size: this.#scene.size, pictures, index, state: pictures.length ? 'loading' : 'empty' });
    this.#load(index, () =>
      this.#prefetch.start(
        pictures.map((one) => one.id),
        this.#scene.index,
        marked('wetread:all-cached'),
      ),
    );
  }

  /** Go to a picture; beyond the ends it stays at the end. */
  goTo(index: number, { told = true } = {}): void {
    const last = this.#scene.pictures.length - 1;
    const to = Math.max(0, Math.min(last, Math.round(index)));
    if (last < 0 || to === this.#scene.index) return;
    this.#set({ index: to });
    this.#prefetch.moveTo(to);
    this.#load(to);
    if (told) this.onMoved?.();
  }

  step(by: number): void {
    this.goTo(this.#scene.index + by);
  }

  #load(index: number, then?: () => void): void {
    const picture = this.#scene.pictures[index];
    if (!picture) return;
    const wish = ++this.#wanted;
    loadPicture(picture.id).then(
      (image) => {
        if (wish === this.#wanted) this.#show(picture, image);
        then?.();
      },
      (problem: unknown) => {
        if (wish === this.#wanted && isAborted(problem)) return this.#load(index, then); // called off by who left it
        if (wish === this.#wanted) this.#fail(picture, problem);
        then?.();
      },
    );
  }

  #show(picture: Picture, image: Types.IImage): void {
    this.#image = image;
    const loaded = loadedOf(picture.id) ?? null;
    const window = loaded?.colour ? null : (this.#chosen ?? this.#own(picture, loaded));
    this.#set({ picture, loaded, state: 'shown', problem: null, window });
    this.#draw();
    if (performance.getEntriesByName('wetread:first-image').length === 0) performance.mark('wetread:first-image');
  }

  /** The window that a picture asks for by itself. */
  #own(picture: Picture, loaded: Loaded | null): Window | null {
    return (loaded?.preset ? this.#preset(picture) : null) ?? loaded?.window ?? null;
  }

  /** What was to be opened can't be. */
  refuse(problem: unknown): void {
    this.#set({ ...EMPTY, size: this.#scene.size, state: 'broken', problem: words(problem) });
  }

  /** A picture that can't be shown says so in words: a black square would look like a dark image. */
  #fail(picture: Picture, problem: unknown): void {
    this.#image = null;
    this.#screen?.clear();
    this.#set({ picture, loaded: null, state: 'broken', problem: words(problem), window: null, affine: null });
  }

  setWindow(window: Window): void {
    if (this.#scene.loaded?.colour || this.#scene.window === null) return;
    this.#chosen = { ...window, width: Math.max(window.exact ? 1e-3 : 1, window.width) };
    this.#set({ window: this.#chosen });
    this.#draw();
  }

  /** A drag: to the right widens, down darkens, by a share of the width so that it feels the same for every image. */
  dragWindow(dx: number, dy: number): void {
    const { window } = this.#scene;
    if (!window) return;
    const step = Math.max(window.width, 16) / 256;
    this.setWindow({ ...window, width: window.width + dx * step, center: window.center + dy * step, name: null });
  }

  invert(): void {
    if (this.#scene.loaded?.colour) return;
    this.#set({ turned: !this.#scene.turned });
    this.#draw();
  }

  pan(dx: number, dy: number): void {
    const { view } = this.#scene;
    this.#look({ ...view, pan: [view.pan[0] + dx, view.pan[1] + dy] });
  }

  zoom(factor: number, at?: Point): void {
    const { view, size, picture } = this.#scene;
    if (picture) this.#look(zoomed(view, picture, size, factor, at ?? [size.width / 2, size.height / 2]));
  }

  turn(degrees: 90 | -90): void {
    this.#look(turned(this.#scene.view, degrees));
  }

  mirror(): void {
    this.#look(mirrored(this.#scene.view));
  }

  /** As it was when it was opened: window, polarity and place. */
  reset(): void {
    const { loaded, picture } = this.#scene;
    this.#chosen = null;
    this.#set({ window: picture && this.#own(picture, loaded), turned: false, view: FITTED });
    this.#draw();
  }

  /** Bring a box (fractions of the frame) into view where it is not. */
  reveal(box: readonly [number, number, number, number]): void {
    const { picture, affine, size, view } = this.#scene;
    if (!picture || !affine) return;
    const middle: Point = [((box[0] + box[2]) / 2) * picture.columns, ((box[1] + box[3]) / 2) * picture.rows];
    const [x, y] = apply(affine, middle);
    if (x > 0 && y > 0 && x < size.width && y < size.height) return;
    this.#look({ ...view, pan: [view.pan[0] + size.width / 2 - x, view.pan[1] + size.height / 2 - y] });
  }

  play(on = !this.#scene.playing): void {
    clearTimeout(this.#timer);
    this.#set({ playing: on && this.#scene.pictures.length > 1 });
    if (this.#scene.playing) this.#tick();
  }

  #tick(): void {
    const { picture, pictures, index, playing } = this.#scene;
    if (!playing) return;
    this.#timer = setTimeout(
      () => {
        if (this.#scene.picture?.id === pictures[index]?.id || this.#scene.state === 'broken')
          this.goTo((index + 1) % pictures.length);
        this.#tick();
      },
      Math.max(15, picture?.frameTimeMs ?? 66),
    );
  }

  resize(): void {
    this.#screen?.resize();
    if (this.#screen) this.#set({ size: this.#screen.size });
    this.#draw();
  }

  /** Where a point of the canvas lies in the image, in its pixels. */
  pixelAt(point: Point): Point | null {
    const { affine } = this.#scene;
    if (!affine) return null;
    return apply(inverse(affine), point);
  }

  #look(view: View): void {
    this.#set({ view });
    this.#draw();
  }

  #draw(): void {
    const { picture, loaded, view, size, window, turned: over } = this.#scene;
    if (!this.#screen || !picture || !loaded || !this.#image) return;
    const affine = affineOf(view, picture, size);
    this.#screen.draw(this.#image, picture, view, affine, window ? shadeOf(window, loaded.tone, over) : null);
    this.#set({ affine });
  }

  #set(changed: Partial<Scene>): void {
    this.#scene = { ...this.#scene, ...changed };
    for (const listener of this.#listeners) listener();
  }
}

function marked(name: string): () => void {
  return () => {
    if (performance.getEntriesByName(name).length === 0) performance.mark(name);
  };
}
