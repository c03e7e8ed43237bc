"""What comes in is described once it was read: technical facts and a picture's figures, nothing of the patient."""

import json

import pytest
from sqlalchemy import insert, select, update

from drift_site import Site
from wetread.domain.arrival import Way
from wetread.domain.clinical_data import load_policy, load_worklist_policy
from wetread.evaluate.drift.pictures import DESCRIPTOR_SIZE
from wetread.guard import Inline
from wetread.settings import Settings
from wetread.store.tables import descriptors, instances, reads, studies
from wetread.testing.phantoms import chest_like, ct_slice, write
from wetread.wiring.drifting import Drifting
from wetread.worklist.house import Bureau, Policies
from wetread.worklist.ingest import Ingest
from wetread.worklist.unpacking import Opener

MADE_BY = {
    "Manufacturer": "North",
    "ManufacturerModelName": "Tube 7",
    "StationName": "ROOM3",
    "SoftwareVersions": ["4.2", "9"],
}


@pytest.fixture
def site(database, tmp_path):
    return Site(database, tmp_path, settings=Settings(data_dir=tmp_path, default_readers=()))


def arrive(site, *objects):
    """These objects come in as one arrival and their studies are read; their ids."""
    policies = Policies(urgency=load_policy(None), waiting=load_worklist_policy(None))
    bureau = Bureau(
        settings=site.settings, database=site.database, blobs=site.blobs, clock=site.clock, policies=policies
    )
    taking = Ingest(bureau, site.service.spool, Opener(Inline(), site.folder / "unpacking", timeout_s=5))
    sheaf = site.service.spool.open(Way.C_STORE, peer="TEST")
    for one in objects:
        sheaf.add(write(one, site.folder / "sent.dcm").read_bytes())
    sheaf.close()
    taking.step()
    with site.database.write() as connection:
        names = list(connection.scalars(select(studies.c.study_id)))
        for name in names:
            row = {"read_id": name, "study_id": name, "version": 1, "reader": "vision", "fingerprint": "f"}
            connection.execute(insert(reads).values(**row, body="{}", answered=True, at=site.clock.now(), shadow=False))
    return names


def bodies(site):
    with site.database.read() as connection:
        return {row.study_id: row.body for row in connection.execute(select(descriptors))}


def describe(site, **settings):
    if settings:
        own = site.settings.model_copy(
            update={"service": site.settings.service.model_copy(update={"drift": _drift(site, settings)})}
        )
        site.service = type(site.service)(
            settings=own,
            data_dir=site.folder,
            database=site.database,
            blobs=site.blobs,
            spool=site.service.spool,
            clock=site.clock,
        )
    return Drifting(site.service, site.isolation).describe_new()


def _drift(site, settings):
    return site.settings.service.drift.model_copy(update=settings)


def test_a_film_that_came_in_is_told_by_its_header_and_its_picture(site):
    [name] = arrive(site, chest_like(64, 56, PatientAge="071Y", **MADE_BY))
    assert describe(site) == 1
    body = bodies(site)[name]
    assert body["facts"] == {
        "manufacturer": "North",
        "model": "Tube 7",
        "station": "ROOM3",
        "software": "4.2",
        "modality": "DX",
        "body_part": "CHEST",
        "view": "PA",
        "sex": "F",
        "age_band": "65 to 79",
    }
    assert body["numbers"] == {"images": 1, "rows": 64, "columns": 56}
    assert len(body["picture"]) == DESCRIPTOR_SIZE
    assert describe(site) == 0  # once


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_nothing_of_it_says_whose_study_it_is(site):
    [name] = arrive(site, chest_like(64, 56, AccessionNumber="ACC-77", StudyDescription="Chest of Ada", **MADE_BY))
    describe(site)
    told = json.dumps(bodies(site)[name])
    for secret in ("PHANTOM", "Phantom", "Ada", "ACC-77", "1960", "20240102", "064", "2.25", "1.2.826"):
        assert secret not in told


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_picture_that_cannot_be_made_is_none_and_disturbs_nothing(site):
    names = arrive(
        site,
        chest_like(64, 56, name="whole", StudyInstanceUID="1.2.3.1"),
        chest_like(64, 56, name="gone", StudyInstanceUID="1.2.3.2"),
        chest_like(6, 6, name="tiny", StudyInstanceUID="1.2.3.3"),
        chest_like(32, 32, name="broken", StudyInstanceUID="1.2.3.4"),
    )
    with site.database.write() as connection:
        lost = connection.scalar(select(instances.c.blob).where(instances.c.rows == 64).limit(1))
        site.blobs.remove(lost)
        broken = connection.scalar(select(instances.c.instance_id).where(instances.c.rows == 32))
        connection.execute(update(instances).where(instances.c.instance_id == broken).values(found="no record"))
    assert describe(site) == 4
    made = bodies(site)
    assert set(made) == set(names)
    assert sorted(one["picture"] is None for one in made.values()) == [False, True, True, True]
    assert {one["facts"]["modality"] for one in made.values()} == {"DX"}


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_where_a_site_wants_no_pictures_described_none_are(site):
    [name] = arrive(site, ct_slice(0, rows=16, columns=16, Manufacturer=None, PatientSex=None, PatientAge=None))
    assert describe(site, pictures=False) == 1
    body = bodies(site)[name]
    assert body["picture"] is None
    assert body["facts"]["manufacturer"] is None
    assert body["facts"]["sex"] is None


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_was_read_long_ago_is_left_as_it_is(site):
    arrive(site, chest_like(64, 56))
    site.clock.turn(days=4)
    assert describe(site) == 0
