"""What the listener does with senders that keep to the protocol, and which objects it refuses."""

import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from wetread.domain.arrival import Way
from wetread.intake.listener.part10 import IMPLEMENTATION_UID
from wetread.intake.spool import Spool, arrival_of, is_abandoned, is_closed

from .sender import CT_CLASS, EXPLICIT, VERIFICATION, House, command_set, dataset_of, pdv, store_rq

Open = Callable[..., House]
Said = Callable[[], list[str]]
DATA = bytes(range(256)) * 300


def test_an_object_lies_in_the_spool_as_it_was_sent(listening: Open) -> None:
    house = listening()
    caller = house.dial(calling=b"CT_ROOM_2")
    assert caller.associate()[0] == 2
    assert caller.store(DATA) == 0x0000
    (file,) = house.objects()
    assert dataset_of(file) == DATA
    caller.release()
    assert house.is_quiet()
    arrival = arrival_of(file.parent)
    assert (arrival.way, arrival.peer, arrival.called, arrival.address) == (
        Way.C_STORE,
        "CT_ROOM_2",
        "WETREAD",
        "127.0.0.1",
    )
    assert is_closed(file.parent)


def test_the_file_tells_its_syntax_but_not_who_sent_it(listening: Open) -> None:
    house = listening()
    caller = house.dial(calling=b"SECRETROOM")
    caller.associate()
    caller.store(DATA, instance=b"1.2.3.4.5")
    (file,) = house.objects()
    meta = pydicom.filereader.read_file_meta_info(file)
    assert meta.MediaStorageSOPInstanceUID == "1.2.3.4.5"
    assert meta.MediaStorageSOPClassUID == CT_CLASS.decode()
    assert meta.TransferSyntaxUID == EXPLICIT.decode()
    assert meta.ImplementationClassUID == IMPLEMENTATION_UID
    assert b"SECRETROOM" not in file.read_bytes()


@pytest.mark.parametrize("fragment", [1, 2, 7, 4096, 16000, 10**6])
def test_fragments_of_any_size_make_the_same_object(listening: Open, fragment: int) -> None:
    house = listening()
    caller = house.dial()
    caller.associate()
    data = DATA[:300] if fragment < 100 else DATA * 10
    assert caller.store(data, fragment=fragment) == 0
    assert dataset_of(house.objects()[0]) == data


def test_several_values_in_one_pdu_and_a_split_command_are_understood(listening: Open) -> None:
    house = listening()
    caller = house.dial()
    caller.associate()
    command = store_rq(b"1.2.3")
    first = pdv(1, command[:20], last=False)
    data = pdv(1, b"abcd", command=False, last=False)[6:] + pdv(1, b"efgh", command=False)[6:]
    rest = pdv(1, command[20:])[6:] + data
    caller.socket.sendall(first + b"\x04\0" + len(rest).to_bytes(4, "big") + rest)
    assert caller.status() == 0
    assert dataset_of(house.objects()[0]) == b"abcdefgh"


def test_an_echo_is_answered_and_leaves_nothing_behind(listening: Open) -> None:
    house = listening()
    caller = house.dial()
    caller.associate((VERIFICATION, EXPLICIT))
    assert caller.echo(1) == 0
    caller.release()
    assert house.is_quiet()
    assert list(house.root.glob("*")) == []


def test_other_services_are_told_that_they_are_not_here(listening: Open) -> None:
    house = listening()
    caller = house.dial()
    caller.associate()
    c_find = 0x0020
    caller.socket.sendall(pdv(1, command_set(c_find, CT_CLASS, b"", has_dataset=True)))
    caller.socket.sendall(pdv(1, b"query", command=False))
    assert caller.status() == 0x0211
    assert caller.store(DATA) == 0


def test_128_contexts_are_all_accepted(listening: Open) -> None:
    house = listening()
    caller = house.dial()
    kind, body = caller.associate(*((f"1.2.840.99999.{n}".encode(), EXPLICIT) for n in range(128)))
    assert kind == 2
    assert body.count(EXPLICIT) == 128
    assert caller.store(DATA, context_id=255) == 0


def test_an_object_without_an_instance_uid_in_its_command_is_refused_and_the_next_one_taken(
    listening: Open, said: Said
) -> None:
    house = listening()
    caller = house.dial()
    caller.associate()
    assert caller.store(DATA, instance=b"") == 0x0117
    assert caller.store(DATA) == 0
    assert len(house.objects()) == 1
    assert any("object refused" in line and "0117" in line for line in said())


def test_an_object_that_belies_its_command_is_kept_for_those_who_read_it(listening: Open) -> None:
    house = listening()
    caller = house.dial()
    caller.associate()
    assert caller.store(b"no data set at all", instance=b"not/a/uid") == 0
    assert dataset_of(house.objects()[0]) == b"no data set at all"


def test_storing_by_a_verification_context_is_refused(listening: Open) -> None:
    house = listening()
    caller = house.dial()
    caller.associate((VERIFICATION, EXPLICIT))
    assert caller.store(DATA) == 0x0122


def test_too_large_an_object_is_refused_and_the_next_one_taken(listening: Open, said: Said) -> None:
    house = listening(max_object_bytes=1000)
    caller = house.dial()
    caller.associate()
    assert caller.store(DATA) == 0xA700
    assert caller.store(DATA[:1000], instance=b"1.2.9") == 0
    assert [dataset_of(file) for file in house.files()] == [DATA[:1000]]
    assert sum("object refused" in line for line in said()) == 1


def test_nothing_is_taken_while_there_is_too_little_room(listening: Open, said: Said) -> None:
    house = listening(min_free_bytes=2**62)
    caller = house.dial()
    caller.associate()
    assert caller.store(DATA) == 0xA700
    assert house.files() == []
    assert any("object refused" in line and "no room left" in line for line in said())


def test_a_full_disk_is_told_to_the_sender_and_leaves_whole_objects_only(listening: Open, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk]).returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        house = listening(disk / "spool")
        caller = house.dial()
        caller.associate()
        statuses = [caller.store(DATA * 4, instance=f"1.2.{n}".encode()) for n in range(5)]
        assert statuses[:2] == [0, 0]
        assert statuses[-1] == 0xA700
        assert [dataset_of(file) for file in house.files()] == [DATA * 4] * statuses.count(0)
        house.objects()[0].unlink()
        assert caller.store(DATA * 4) == 0
        caller.release()
        assert house.is_quiet()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_caller_that_is_not_on_the_list_is_rejected(listening: Open, said: Said) -> None:
    house = listening(allowed_calling=["CT_1", "CT_2 "])
    kind, body = house.dial(calling=b"STRANGER").associate()
    assert (kind, body[1:]) == (3, bytes([1, 1, 3]))
    assert house.dial(calling=b"CT_2").associate()[0] == 2
    assert any("association refused" in line and "STRANGER" in line for line in said())


def test_who_asks_for_another_title_is_rejected_where_that_is_checked(listening: Open) -> None:
    assert listening().dial(called=b"OTHER").associate()[0] == 2
    kind, body = listening(check_called=True).dial(called=b"OTHER").associate()
    assert (kind, body[1:]) == (3, bytes([1, 1, 7]))


def test_too_many_senders_are_told_to_come_again(listening: Open) -> None:
    house = listening(max_associations=2)
    inside = [house.dial() for _ in range(2)]
    assert [caller.associate()[0] for caller in inside] == [2, 2]
    kind, body = house.dial().associate()
    assert (kind, body[1:]) == (3, bytes([2, 3, 2]))
    inside[0].release()
    until = time.monotonic() + 5
    while (late := house.dial()).associate()[0] != 2:
        assert time.monotonic() < until
    assert late.store(DATA) == 0


def test_who_does_not_ask_does_not_keep_others_out(listening: Open) -> None:
    house = listening(max_associations=2)
    idle = [house.dial() for _ in range(10)]
    assert house.dial().associate()[0] == 2
    del idle


def test_a_flood_of_connections_is_held_off_and_ends(listening: Open) -> None:
    house = listening(max_associations=1, network_timeout_s=1)
    flood = [house.dial() for _ in range(60)]
    assert house.listener.open_count <= 33
    assert all(caller.closed() for caller in flood)
    assert house.is_quiet()
    assert house.dial().associate()[0] == 2


def test_stopping_lets_an_object_under_way_finish(listening: Open) -> None:
    house = listening()
    caller, idle = house.dial(), house.dial()
    caller.associate()
    idle.associate()
    caller.socket.sendall(pdv(1, store_rq(b"1.2.3")) + pdv(1, b"first", command=False, last=False))
    assert house.has_begun()
    stopping = threading.Thread(target=house.listener.stop, args=(5.0,))
    stopping.start()
    assert idle.closed()
    caller.socket.sendall(pdv(1, b"second", command=False))
    assert caller.status() == 0
    assert caller.closed()
    stopping.join()
    assert dataset_of(house.objects()[0]) == b"firstsecond"


def test_an_arrival_that_is_written_to_is_not_abandoned(tmp_path: Path) -> None:
    sheaf = Spool(tmp_path).open(Way.C_STORE)
    assert not is_abandoned(sheaf.folder)
    sheaf.add(b"object")
    sheaf.close()
    assert is_abandoned(sheaf.folder)
    assert is_closed(sheaf.folder)
