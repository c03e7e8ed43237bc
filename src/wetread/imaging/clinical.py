"""The recipe "clinical": a study's series, each prepared as its modality asks."""

from collections.abc import Callable
from dataclasses import replace

from wetread.domain.study import InstanceKind, Series
from wetread.domain.view import Preparation, ViewPlan
from wetread.imaging.breast import breast_views
from wetread.imaging.ct import ct_views
from wetread.imaging.images import cine_views, plain_images
from wetread.imaging.mr import mr_views
from wetread.imaging.photograph import fundus_views, skin_views
from wetread.imaging.recipes import Recipes, recipes
from wetread.imaging.select import is_slide, modality_of
from wetread.imaging.slide import slide_views
from wetread.imaging.work import Work, joined

Prepare = Callable[[Series, ViewPlan, Recipes, Work], None]


def prepare_clinically(series: tuple[Series, ...], plan: ViewPlan) -> Preparation:
    """The views of all series; the mammograms of a study share one scale, so they are prepared together.

    Raises: ClinicalDataInvalid.
    """
    recipe = recipes()
    breasts = tuple(one for one in series if modality_of(one) in recipe.breast.modalities)
    parts = []
    for one in series:
        if one not in breasts:
            parts.append(_prepared(one, plan, recipe))
        elif one is breasts[0]:
            work = Work()
            breast_views(breasts, plan, recipe.breast, work)
            parts.append(_named(work.done(), recipe))
    return joined(parts)


def _prepared(series: Series, plan: ViewPlan, recipe: Recipes) -> Preparation:
    work = Work()
    if any(instance.is_image for instance in series.instances):
        _choose(series, recipe)(series, plan, recipe, work)
    return _named(work.done(), recipe)


def _choose(series: Series, recipe: Recipes) -> Prepare:
    """The recipe of a series: a slide's by what it is, the others' by modality."""
    if any(is_slide(instance) for instance in series.instances):
        return slide_views
    modality = modality_of(series)
    chosen: tuple[tuple[tuple[str, ...], Prepare], ...] = (
        (recipe.ct.modalities, ct_views),
        (recipe.mr.modalities, mr_views),
        (recipe.cine.modalities, cine_views),
        (recipe.fundus.modalities, fundus_views),
        (recipe.skin.modalities, skin_views),
    )
    for modalities, prepare in chosen:
        if modality in modalities:
            return prepare
    if modality is None and any(i.kind is InstanceKind.PICTURE and i.colour for i in series.instances):
        return skin_views  # a colour picture that nobody declared may well be a photograph of a person
    return plain_images


def _named(part: Preparation, recipe: Recipes) -> Preparation:
    """Each view's recipe begins with the version of the recipes that made it."""
    step = f"recipe: clinical {recipe.version}"
    return replace(part, views=tuple(replace(view, recipe=(step, *view.recipe)) for view in part.views))
