"""A worker for the tests of `workers`."""

from __future__ import annotations

import os
from collections.abc import Iterator

from agentrun.engine.speech.pipes import Message, open_worker_side


def main() -> None:
    side = open_worker_side()

    def answer(request: Message, number: int) -> Iterator[Message]:
        match request.header["op"]:
            case "fail":
                raise ValueError("broken on purpose")
            case "die":
                os._exit(3)
            case "count":
                yield Message({})
                while not side.is_cancelled(number):
                    yield Message({}, bytes(100))
            case _:
                os.write(1, b"a library prints something\n")
                yield Message({}, request.body)

    side.serve(answer)


if __name__ == "__main__":
    main()
