"""A study to views: what is chosen, what was left out, and what could not be prepared."""

from wetread.domain.study import Instance, Series, Study
from wetread.domain.view import Preparation, View, ViewPlan, Window
from wetread.errors import ConfigurationError
from wetread.imaging import presets
from wetread.imaging.clinical import prepare_clinically
from wetread.imaging.frame import Frame
from wetread.imaging.montage import MOST_CELLS, montage_view, series_window
from wetread.imaging.select import Pick, all_frames, evenly, is_volume, left_out
from wetread.imaging.tiles import tiled, wants_tiles
from wetread.imaging.views import image_view
from wetread.imaging.work import Work, joined


def prepare(study: Study, plan: ViewPlan) -> Preparation:
    """All views of a study under a plan. A bad object becomes a failure; the rest goes on.

    Raises: ConfigurationError for a recipe that does not exist.
    """
    return _by_recipe(study.series, plan)


def _by_recipe(series: tuple[Series, ...], plan: ViewPlan) -> Preparation:
    if plan.recipe == "clinical":
        return prepare_clinically(series, plan)
    if plan.recipe != "plain":
        raise ConfigurationError(f"no recipe called {plan.recipe!r}; there are plain and clinical")
    return joined(prepare_series(one, plan) for one in series)


def prepare_instance(instance: Instance, plan: ViewPlan) -> Preparation:
    """The views of one object, as if it were alone in its series."""
    alone = Series(series_uid=None, modality=instance.modality, body_part=instance.body_part, instances=(instance,))
    return _by_recipe((alone,), plan)


def prepare_series(series: Series, plan: ViewPlan) -> Preparation:
    """The views of one series: key slices and montages of a volume, every frame of anything else."""
    work = Work()
    picks = all_frames(tuple((i, work.frames_in(i)) for i in series.instances if i.is_image))
    if is_volume(series, len(picks)):
        _volume(series, picks, plan, work)
    elif picks:
        _images(series, picks, plan, work)
    return work.done()


def _region_presets(series: Series, plan: ViewPlan) -> tuple[Window, ...]:
    """The CT presets a plan adds."""
    first = next((i for i in series.instances if i.modality == "CT"), None)
    if plan.windows != "presets" or first is None:
        return ()
    return presets.presets_for(first.body_part or series.body_part)


def _images(series: Series, picks: tuple[Pick, ...], plan: ViewPlan, work: Work) -> None:
    """One view a frame, a CT's presets and a large image's tiles after it, within the cap."""
    extra = _region_presets(series, plan)
    cap = None if plan.max_images is None else max(1, plan.max_images // (1 + len(extra)))
    chosen = [picks[index] for index in evenly(len(picks), cap)]
    for done, frame in enumerate(work.frames(chosen)):
        room = None
        if plan.max_images is not None:
            room = max(1, plan.max_images - len(work.views) - (len(chosen) - done - 1))
        work.views += _views_of(frame, plan, extra, room)
    work.limitations += left_out(series, len(chosen), len(picks), volume=False)


def _views_of(frame: Frame, plan: ViewPlan, extra: tuple[Window, ...], room: int | None) -> tuple[View, ...]:
    if wants_tiles(frame, plan):
        first: tuple[View, ...] = tiled(frame, plan, room=room)
    else:
        first = (image_view(frame, plan),)
    return first + (() if room is not None and len(first) >= room else _under(frame, plan, extra))


def _under(frame: Frame, plan: ViewPlan, windows: tuple[Window, ...]) -> tuple[View, ...]:
    """The frame under each further window; a frame that is not in HU has none."""
    if frame.tone is None or not frame.tone.modality.in_hu:
        return ()
    shown = frame.tone.window
    differing = (w for w in windows if (w.center, w.width) != (shown.center, shown.width))
    return tuple(image_view(frame, plan, window=w, label=w.explanation) for w in differing)


def _volume(series: Series, picks: tuple[Pick, ...], plan: ViewPlan, work: Work) -> None:
    """Montages first, then single key slices with what the cap leaves."""
    extra = _region_presets(series, plan)
    shown: set[tuple[str, int]] = set()
    if plan.montage:
        frames = tuple(work.frames(picks[index] for index in evenly(len(picks), MOST_CELLS)))
        if frames:
            work.views += _montages(series, frames, extra, plan)
            shown |= {(f.origin.file, f.origin.frame) for f in frames}
        extra = ()
    cap = None
    if plan.max_images is not None:
        cap = max(0 if work.views else 1, (plan.max_images - len(work.views)) // (1 + len(extra)))
    for frame in work.frames(picks[index] for index in evenly(len(picks), cap)):
        work.views += (image_view(frame, plan), *_under(frame, plan, extra))
        shown.add((frame.origin.file, frame.origin.frame))
    work.limitations += left_out(series, len(shown), len(picks), volume=True)


def _montages(series: Series, frames: tuple[Frame, ...], extra: tuple[Window, ...], plan: ViewPlan) -> tuple[View, ...]:
    """One montage a window: a CT's presets, the percentile of a MR or PT series, else each slice's own."""
    in_hu = all(f.tone is not None and f.tone.modality.in_hu for f in frames)
    if extra and in_hu:
        windows: tuple[Window | None, ...] = extra[: plan.max_images]
    elif series.modality in ("MR", "PT") or frames[0].instance.modality in ("MR", "PT"):
        windows = (series_window(frames),)
    else:
        windows = (None,)
    return tuple(montage_view(frames, plan, window=w, label=w.explanation if w else None) for w in windows)
