# The template's. How many days are kept is yours, in contract.yaml: prediction_log.
"""One worker's file of the prediction log: a line is in it whole, or its writer hears why not."""

import errno
import os
import time
from contextlib import suppress
from logging import LogRecord
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import Any


class LogFile(TimedRotatingFileHandler):
    """A file for each day; Python's own handler hides a full disk, and may remove a day then."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Prepare to write; remove days that are too old, which a kill may have left."""
        super().__init__(*arguments, **options)
        self.remove_old()

    def emit(self, record: LogRecord) -> None:
        """Append one line; `OSError` when the disk does not take all of it, and none is left."""
        if self.shouldRollover(record):
            self.doRollover()
        line = f"{self.format(record)}\n".encode()
        file = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            before = os.fstat(file).st_size
            try:
                if os.write(file, line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.baseFilename)
            except OSError:
                with suppress(OSError):  # what is no file has no length
                    os.ftruncate(file, before)
                raise
        finally:
            os.close(file)

    def doRollover(self) -> None:  # noqa: N802 - Python's name
        """Give the file the name of its day, unless that is taken; remove what is too old."""
        day = time.strftime(self.suffix, time.gmtime(self.rolloverAt - self.interval))
        ended = Path(f"{self.baseFilename}.{day}")
        if not ended.exists():
            with suppress(FileNotFoundError):
                Path(self.baseFilename).rename(ended)
        self.rolloverAt = self.computeRollover(int(time.time()))
        self.remove_old()

    def remove_old(self) -> None:
        """Remove the days that the contract keeps no longer."""
        with suppress(OSError):  # the next day tries again
            for old in self.getFilesToDelete():
                Path(old).unlink(missing_ok=True)
