"""Who tells what a document says (PS3.16 TID 1002): this software, in the very words of its equipment."""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from wetread.delivery.objects import codes, content, headers
from wetread.delivery.objects.air import software_of
from wetread.domain.report import Report


def device_observer(report: Report) -> Iterator[Dataset]:
    """The device as observer (TID 1004): its UID, name, manufacturer, product and serial number."""
    software = software_of(report)
    yield content.code(content.CONTEXT, codes.concept("observer_type"), codes.concept("device"))
    yield content.uid(content.CONTEXT, codes.concept("device_observer_uid"), software.uid)
    told = (
        ("device_observer_name", software.name),
        ("device_observer_manufacturer", software.manufacturer),
        ("device_observer_model_name", software.name),
        ("device_observer_serial_number", headers.serial_number(report)),
    )
    for name, value in told:
        yield content.text(content.CONTEXT, codes.concept(name), value)
