"""
A deadline for the middleware's teardown, kept by the C library.

Fast DDS 2.14 can deadlock in destroy_participant() while other participants leave too: it waits
for its own discovery callbacks, and they for it. Python's lock is held then: no Python would run.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SIGEV_THREAD = 2  # signal.h
CLOCK_MONOTONIC = 1  # time.h


class _Notice(ctypes.Structure):
    """struct sigevent, as far as SIGEV_THREAD reads it: function(value) runs in a thread."""

    _fields_ = (
        ('value', ctypes.c_void_p),
        ('number', ctypes.c_int),
        ('notify', ctypes.c_int),
        ('function', ctypes.c_void_p),
        ('attributes', ctypes.c_void_p),
        ('rest', ctypes.c_char * 32),
    )


@contextmanager
def exit_within(seconds: int, code: int) -> Iterator[None]:
    """End the process with this exit code if what is done inside takes longer (Linux only)."""
    if not sys.platform.startswith('linux'):
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    timer = ctypes.c_void_p()
    function = ctypes.cast(libc._exit, ctypes.c_void_p)
    notice = _Notice(value=code, notify=SIGEV_THREAD, function=function)
    if libc.timer_create(CLOCK_MONOTONIC, ctypes.byref(notice), ctypes.byref(timer)):
        raise OSError(ctypes.get_errno(), 'timer_create')
    times = (ctypes.c_long * 4)(0, 0, seconds, 0)  # struct itimerspec: no period, then the time
    libc.timer_settime(timer, 0, ctypes.byref(times), None)
    try:
        yield
    finally:
        libc.timer_delete(timer)
