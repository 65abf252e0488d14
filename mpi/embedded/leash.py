"""`python leash.py PARENT COMMAND…`: become COMMAND, which gets SIGTERM when process PARENT dies, even by kill -9.

The setting (prctl(2), PR_SET_PDEATHSIG) outlives exec. Run by path, so that nothing of ours is imported.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    # Between our fork and the call above the parent may have gone already.
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
