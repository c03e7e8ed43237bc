"""What a stored study would take at each reader that would be asked, before any is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.order import Order
from wetread.domain.study import Study
from wetread.errors import UnknownPlugin
from wetread.guard import Isolation
from wetread.readers import installed_readers
from wetread.readers.catalog import Catalog, bill_of, load_catalog
from wetread.settings import Settings
from wetread.wiring.costing import Measured, Texts, to_ask
from wetread.wiring.names import known_readers
from wetread.wiring.places import Places
from wetread.wiring.sources import EVERY_STUDY, Orders

LOCAL_PLUGINS = frozenset({"embedded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What one reader would take. Tokens and dollars are None where `unknown` says why; 0 where nothing is billed.

    `usd_at_most`: every answer as long as allowed, every consistency run made. `only_if`: when it is asked at all.
    """

    reader: str
    model_id: str | None = None
    images: int | None = None
    calls: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    usd: float | None = None
    usd_at_most: float | None = None
    only_if: str | None = None
    unknown: str | None = None
    notes: tuple[str, ...] = ()


def predict(
    settings: Settings,
    study: Study,
    order: Order,
    names: Iterable[str],
    *,
    isolation: Isolation,
    today: date,
    places: Places | None = None,
) -> tuple[Predicted, ...]:
    """Each reader's tokens and dollars over the study's own pictures, prepared as that reader would be sent them.

    `places`: who stands in whose place, in a service.
    Raises: UnknownPlugin naming the readers there are, ConfigurationError for a bad catalog.
    """
    texts = Texts(load_vocabulary(settings.vocabulary_file))
    measured = Measured((study,), Orders({EVERY_STUDY: order}), texts, isolation)
    catalog = load_catalog(settings.catalog_file)
    wanted = tuple(dict.fromkeys(names)) or settings.default_readers
    asked = dict(_each(settings, wanted, (places or Places()).reader_in))
    return tuple(_predicted(settings, catalog, name, only_if, measured, today) for name, only_if in asked.items())


def _each(settings: Settings, names: Iterable[str], stands: Callable[[str], str]) -> Iterator[tuple[str, str | None]]:
    """Single readers behind slots, panels, cascades and fallbacks, with the condition under which each is asked."""
    for name in map(stands, names):
        if name in settings.panels:
            yield from _each(settings, settings.panels[name].readers, stands)
        elif name in settings.cascades:
            own = settings.cascades[name]
            yield from _each(settings, (own.first,), stands)
            yield stands(own.then), f"{stands(own.first)} is uncertain or finds something"
        elif name in known_readers(settings):
            yield name, None
        else:
            known = ", ".join(known_readers(settings))
            raise UnknownPlugin(f"no reader called {name!r}; there are: {known}")


def _predicted(  # noqa: PLR0917 - one row
    settings: Settings, catalog: Catalog, name: str, only_if: str | None, measured: Measured, today: date
) -> Predicted:
    if name not in settings.readers:
        if name in LOCAL_PLUGINS or name in installed_readers(settings.readers_dir):
            return Predicted(
                reader=name, calls=0, input_tokens=0, output_tokens=0, usd=0.0, usd_at_most=0.0, only_if=only_if
            )
        return Predicted(reader=name, only_if=only_if, unknown="a plug-in says its price only when it is asked")
    (asked,) = to_ask(settings, catalog, (name,), passes=settings.readers[name].passes, today=today)
    sized = measured(asked)
    model_id = asked.entry.model_id
    if not sized:
        return Predicted(
            reader=name, model_id=model_id, only_if=only_if, unknown="no picture of the study could be prepared"
        )
    bill = bill_of(asked, sized[0], day=today)
    others = settings.readers[name].fallback
    notes: tuple[str, ...] = (f"if it can't be reached: {', '.join(others)}",) if others else ()
    notes += ("hidden thinking is billed as output and not predicted",) if asked.entry.thinks else ()
    notes += () if bill.fits else ("one picture with its text is over the model's context",)
    return Predicted(
        reader=name,
        model_id=model_id,
        images=len(sized[0].pictures),
        calls=bill.calls,
        input_tokens=bill.input_tokens,
        output_tokens=bill.output_tokens,
        usd=bill.usd,
        usd_at_most=bill.most_usd,
        only_if=only_if,
        unknown="no price of this model is known" if bill.usd is None else None,
        notes=notes,
    )
