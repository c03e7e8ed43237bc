"""An order comes over HL7 before its study, decides how soon it is wanted, and goes back with the result."""

import asyncio

from hl7.mllp import open_hl7_connection
from pydicom.uid import generate_uid
from service.outside import Outside
from service.running import SETTINGS, Running, free_port
from service.senders import film, send

from hl7_peers import Receiver

ORDER = (
    "MSH|^~\\&|RIS|HOSP|WETREAD||20260101120000||ORM^O01|C1|P|2.5.1\r"
    "PID|||P1^^^HOSP||Fire^Test\r"
    "PV1||E\r"
    "ORC|NW|PLACER-7|FILLER-7||||^^^^^S\r"
    "OBR|1|PLACER-7|FILLER-7|CXR^Chest film^L|||||||||||||||||||||||||||fall from a ladder\r"
    "ZDS|{uid}^^Application^DICOM\r"
)


async def acknowledged(port: int, message: str) -> str:
    """What the service says to a message: the code of its MSA."""
    reader, writer = await asyncio.wait_for(open_hl7_connection("127.0.0.1", port), 20)
    try:
        writer.writemessage(message)
        await writer.drain()
        answer = await asyncio.wait_for(reader.readmessage(), 20)
        return str(answer.segment("MSA")[1])
    finally:
        writer.close()


def test_an_order_decides_how_soon_its_study_is_wanted_and_comes_back_with_the_result(tmp_path):
    uid, listening = generate_uid(), free_port()
    with Receiver() as ris, Outside() as outside:
        more = (
            f'[service.hl7]\nlisten = "127.0.0.1:{listening}"\nallowed_senders = ["RIS"]\n'
            f'[service.destinations.ris]\nkind = "hl7"\nhost = "127.0.0.1"\nport = {ris.port}\n'
        )
        with Running(tmp_path / "site", outside.url, settings=SETTINGS + more) as running:
            assert asyncio.run(acknowledged(listening, ORDER.format(uid=uid))) == "AA"
            send(running.dicom, [film(uid, 1, seed=5)])
            rows = running.wait_for(lambda rows: rows and rows[0]["status"] == "reported", within_s=60)
            assert (rows[0]["order_priority"], rows[0]["patient_class"]) == ("stat", "emergency")
            assert rows[0]["indication"] == "fall from a ladder"
            trace = running.get(f"/studies/{rows[0]['study_id']}/trace")["lines"]
            assert any("order" in line["text"] for line in trace)
            running.wait_for(lambda _: ris.received, within_s=30)
            [message] = ris.messages()
            assert (str(message.segment("OBR")[2]), str(message.segment("OBR")[3])) == ("PLACER-7", "FILLER-7")
            assert str(message.segment("PID")[3]).startswith("P1")
