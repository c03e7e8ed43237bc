"""Work for the guard's tests: top-level functions, so that the child can import them."""

import ctypes
import os
import time

from wetread.errors import PixelsUnreadable


def add(a, b):
    return a + b


def whoami():
    return os.getpid()


def sleep(seconds):
    time.sleep(seconds)


def segfault():
    ctypes.string_at(0)


def eat(megabytes):
    return len(bytearray(megabytes << 20))


def refuse(subject):
    raise PixelsUnreadable(subject, "no decoder", "resend")


def stumble(name):
    return {}[name]


def chatter():
    print("noise")  # noqa: T201
    os.write(1, b"native noise")
    return "quiet"


def late_numpy():
    import numpy as np

    return int(np.ones(10).sum())
