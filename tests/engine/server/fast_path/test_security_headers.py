"""The security headers of answers that no ASGI message carries."""

from fieldstone.engine.server.browsers.security_headers import SECURITY_HEADERS
from tests.engine.server.fast_path.talking import PEOPLE, Answered, Serve

HEADERS = [b"%b: %b" % header for header in SECURITY_HEADERS]


def found(answered: Answered) -> list[bytes]:
    """Return the security headers of an answer."""
    names = tuple(name + b":" for name, _ in SECURITY_HEADERS)
    return [line for line in answered.headers if line.startswith(names)]


async def test_a_warm_answer_has_them_once_as_an_ordinary_one_has(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        assert sorted(found(await talk.ask(PEOPLE, n="Ada"))) == sorted(HEADERS)
        await talk.warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        assert sorted(found(await talk.ask(PEOPLE, n="Ada"))) == sorted(HEADERS)
        assert await serving.warm() == before + 1


async def test_a_refusal_of_the_protocol_has_them(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        talk.send(b"POST /graphql HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 200_000 + b"\r\n\r\n")
        refused = await talk.receive()
        assert refused.status == 431
        assert sorted(found(refused)) == sorted(HEADERS)
