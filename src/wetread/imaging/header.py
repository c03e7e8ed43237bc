"""A few headers of an object that intake does not keep, read without its pixels."""

from pydicom.dataset import Dataset

from wetread.dicom import open_dataset
from wetread.domain.study import Instance, InstanceKind
from wetread.errors import InputError


def header_of(instance: Instance, keywords: tuple[str, ...]) -> Dataset:
    """The named headers; an empty dataset for a picture and where the object can't be read."""
    if instance.kind is InstanceKind.PICTURE:
        return Dataset()
    try:
        return open_dataset(instance.path, instance.file, pixels=False, tags=keywords).dataset
    except InputError:
        return Dataset()  # opening its pixels fails the same way, and says so
