"""The first process of the machine: buries the orphans, and ends with the standard input or after so many seconds."""
import os
import select
import signal
import sys
import time

end = time.monotonic() + float(sys.argv[1])


def bury(*_):
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


signal.signal(signal.SIGCHLD, bury)
while time.monotonic() < end:
    ready, _, _ = select.select([0], [], [], 1)
    if ready and not os.read(0, 4096):
        break
