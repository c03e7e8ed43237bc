"""CT: each window of the region as montages of the same key slices, then key slices at full size."""

from dataclasses import replace

from wetread.domain.study import Series
from wetread.domain.view import View, ViewPlan, Window, WindowOrigin
from wetread.imaging import presets, tags
from wetread.imaging.frame import Frame
from wetread.imaging.header import header_of
from wetread.imaging.montage import montage_view, series_window
from wetread.imaging.recipes import Ct, CtMontage, Recipes, within
from wetread.imaging.select import all_frames, evenly, is_volume, left_out
from wetread.imaging.views import image_view
from wetread.imaging.words import joined_words, mentions, page, series_of, slices
from wetread.imaging.work import Work

DESCRIBED = (
    "ProtocolName",
    "SeriesDescription",
    "StudyDescription",
    "RequestedProcedureDescription",
    "PerformedProcedureStepDescription",
)
CONTRAST = ("ContrastBolusAgent", "ContrastBolusAgentSequence")
Slices = list[tuple[int, Frame]]  # with the place in the series, from 0


def ct_views(series: Series, plan: ViewPlan, recipe: Recipes, work: Work) -> None:
    """A CT series within the cap of tiles. A slice is never stretched by its own values."""
    ct = recipe.ct
    picks = all_frames(tuple((i, work.frames_in(i)) for i in series.instances if i.is_image))
    montages = ct.montages(presets.region_of(_body_part(series)), angiographic=is_angiographic(series, ct))
    sized = replace(plan, max_edge_px=within(plan, ct.edge_px))
    volume = is_volume(series, len(picks))
    budget = ct.most_tiles if plan.max_images is None else min(plan.max_images, ct.most_tiles)
    if volume:
        places = evenly(len(picks), max(m.tiles for m in montages))
    else:
        places = evenly(len(picks), max(1, budget // len(montages)))
    found: Slices = [(place, frame) for place in places if (frame := work.frame(picks[place])) is not None]
    if found and volume:
        shown = _volume(series, found, len(picks), montages, plan=sized, ct=ct, work=work)
    else:
        work.views += _single(found, montages, sized, budget)
        shown = len(found)
    work.limitations += left_out(series, shown, len(picks), volume=volume)


def _body_part(series: Series) -> str | None:
    return series.body_part or next((i.body_part for i in series.instances if i.body_part), None)


def is_angiographic(series: Series, ct: Ct) -> bool:
    """True where protocol or descriptions name an angiography, or the lung's vessels with a contrast agent stated."""
    first = next(i for i in series.instances if i.is_image)
    header = header_of(first, (*DESCRIBED, *CONTRAST))
    texts = [series.description or "", *(tags.text(header, keyword) or "" for keyword in DESCRIBED)]
    contrast = bool(tags.text(header, "ContrastBolusAgent") or tags.items(header, "ContrastBolusAgentSequence"))
    return mentions(texts, ct.angiographic) or (contrast and mentions(texts, ct.angiographic_with_contrast))


def _volume(
    series: Series, found: Slices, total: int, montages: tuple[CtMontage, ...], *, plan: ViewPlan, ct: Ct, work: Work
) -> int:
    """Montages, then key slices; how many slices are shown."""
    shown: set[int] = set()
    room = plan.max_images
    windows: list[tuple[Window | None, int]] = [(m.window, m.tiles) for m in montages]
    if not all(frame.tone is not None and frame.tone.modality.in_hu for _, frame in found):
        windows = [(_own_window(found), montages[0].tiles)]
    for window, tiles in windows:
        chosen = [found[index] for index in evenly(len(found), tiles)]
        for number, pages, cells in _pages(chosen, ct.page_tiles):
            if room is None or len(work.views) < room:
                work.views.append(_montage(series, window, cells, total, page=page(number, pages), plan=plan))
                shown |= {place for place, _ in cells}
    left = ct.key_slices if room is None else min(ct.key_slices, room - len(work.views))
    window = windows[0][0]
    for index in evenly(len(found) + 2, max(left, 0) + 2)[1:-1] if left > 0 else ():
        place, frame = found[index - 1]
        name = f"{window.explanation} window" if window and window.explanation else None
        label = joined_words(series_of(series), f"CT slice {place + 1} of {total} at full size", name)
        work.views.append(image_view(frame, plan, window=window, label=label))
        shown.add(place)
    return len(shown)


def _own_window(found: Slices) -> Window | None:
    """For slices that are not in HU: each its header's window (None), or one for all of them where one has none."""
    frames = tuple(frame for _, frame in found)
    stated = all(f.tone is None or f.tone.window.origin is not WindowOrigin.PERCENTILE for f in frames)
    return None if stated else series_window(frames)


def _pages(chosen: Slices, cells: int) -> list[tuple[int, int, Slices]]:
    """(number, pages, slices) of pages that are about equally full."""
    pages = -(-len(chosen) // cells)
    cuts = [round(k * len(chosen) / pages) for k in range(pages + 1)]
    return [(k + 1, pages, chosen[cuts[k] : cuts[k + 1]]) for k in range(pages)]


def _montage(series: Series, window: Window | None, cells: Slices, total: int, *, page: str, plan: ViewPlan) -> View:
    name = f"{window.explanation} window montage{page}" if window and window.explanation else f"CT montage{page}"
    shown = slices(tuple(place for place, _ in cells), total)
    label = joined_words(series_of(series), name, f"{shown} in reading order")
    return montage_view(tuple(frame for _, frame in cells), plan, window=window, label=label)


def _single(found: Slices, montages: tuple[CtMontage, ...], plan: ViewPlan, budget: int) -> list[View]:
    """Images that are no volume: each under every window of the region; its own for a localiser or without HU."""
    views: list[View] = []
    for _, frame in found:
        localiser = "LOCALIZER" in tags.texts(header_of(frame.instance, ("ImageType",)), "ImageType")
        in_hu = frame.tone is not None and frame.tone.modality.in_hu
        for window in [m.window for m in montages] if in_hu and not localiser else [None]:
            if len(views) < max(budget, 1):
                name = "CT localiser" if localiser else "CT image"
                label = f"{name}, {window.explanation} window" if window else name
                views.append(image_view(frame, plan, window=window, label=label))
    return views
