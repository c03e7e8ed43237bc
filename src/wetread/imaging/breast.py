"""Mammography: the four standard views side by side on one scale, then every view alone."""

from dataclasses import replace

from wetread.domain.study import Instance, Series
from wetread.domain.view import ViewPlan
from wetread.imaging.frame import Frame
from wetread.imaging.recipes import Breast, within
from wetread.imaging.scaled import scaled_montage
from wetread.imaging.select import Pick, evenly, left_out
from wetread.imaging.views import image_view
from wetread.imaging.words import joined_words, side_of
from wetread.imaging.work import Work


def breast_views(series: tuple[Series, ...], plan: ViewPlan, breast: Breast, work: Work) -> None:
    """All mammograms of a study; sizes compare within the montage. Missing standard views are a limitation."""
    images = [(i, work.frames_in(i)) for one in series for i in one.instances if i.is_image]
    films = sorted((i for i, frames in images if frames == 1), key=lambda film: _order(film, breast))
    set_of_four = _standard(films, breast)
    frames = {film.file: frame for film in set_of_four if (frame := work.frame(Pick(film, 0))) is not None}
    if len(frames) > 1:
        sized = replace(plan, max_edge_px=within(plan, breast.montage_edge_px))
        names = "; ".join(_name(frame.instance, breast) for frame in frames.values())
        label = f"mammograms on one scale, in reading order: {names}"
        work.views.append(scaled_montage(tuple(frames.values()), sized, label=label))
    _missing(films, breast, work)
    _alone(series, films, images, frames, plan=plan, breast=breast, work=work)


def _alone(
    series: tuple[Series, ...],
    films: list[Instance],
    images: list[tuple[Instance, int]],
    frames: dict[str, Frame],
    *,
    plan: ViewPlan,
    breast: Breast,
    work: Work,
) -> None:
    """Every film at nearly full size, then spaced slices of each tomosynthesis."""
    sized = replace(plan, max_edge_px=within(plan, breast.edge_px))
    room = None if plan.max_images is None else max(0, plan.max_images - len(work.views))
    slices = [
        (i, total, place) for i, total in images if total > 1 for place in evenly(total, breast.tomosynthesis_frames)
    ]
    wanted = [(film, 1, 0) for film in films] + slices
    shown = 0
    for instance, total, place in wanted[:room]:
        frame = frames.pop(instance.file, None) or work.frame(Pick(instance, place))
        if frame is not None:
            number = f"tomosynthesis slice {place + 1} of {total}" if total > 1 else None
            label = joined_words(_name(instance, breast), number)
            work.views.append(image_view(frame, sized, label=label))
            shown += 1
    work.limitations += left_out(series[0], shown, sum(total for _, total in images), volume=False)


def _position(film: Instance) -> str:
    return (film.projection or "").upper()


def _order(film: Instance, breast: Breast) -> tuple[int, str]:
    """Standard views first, in the montage's order."""
    key = ((film.laterality or "").upper(), _position(film))
    return (breast.standard.index(key) if key in breast.standard else len(breast.standard)), film.file


def _standard(films: list[Instance], breast: Breast) -> list[Instance]:
    """The first film of each standard view, in the montage's order."""
    chosen: dict[int, Instance] = {}
    for film in films:
        place = _order(film, breast)[0]
        if place < len(breast.standard):
            chosen.setdefault(place, film)
    return [chosen[place] for place in sorted(chosen)]


def _missing(films: list[Instance], breast: Breast, work: Work) -> None:
    there = {((film.laterality or "").upper(), _position(film)) for film in films}
    gone = [f"{side} {position}" for side, position in breast.standard if (side, position) not in there]
    if films and gone:
        work.limit("views_missing", f"Mammography: standard views that are missing or not named: {', '.join(gone)}.")


def _name(film: Instance, breast: Breast) -> str:
    """`right breast, craniocaudal (CC)`, as far as it is stated."""
    side = side_of(film)
    return joined_words(f"{side} breast" if side else "breast, side not stated", breast.words.get(_position(film)))
