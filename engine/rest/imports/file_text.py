"""The text of a file that comes in pieces."""

import codecs

from fieldstone.engine.errors import BadUserInput


class FileText:
    """Decodes the pieces of one file, which may begin with a byte order mark."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_begun = False

    def read(self, piece: bytes, *, is_end: bool) -> str:
        """Return the characters that end in a piece; raises BadUserInput where the file is not UTF-8."""
        try:
            text = self._decoder.decode(piece, final=is_end)
        except UnicodeDecodeError as error:
            raise BadUserInput(f"The file is not UTF-8: {error.reason}.") from None
        if text and not self._is_begun:
            self._is_begun = True
            return text.removeprefix("\ufeff")
        return text
