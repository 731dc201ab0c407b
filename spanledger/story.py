"""Tell the two sessions of `spanledger demo`."""

from spanledger.telling import Cast, Session, Usage

TRIP_S = 60.0
REPAIR_S = 30.0


def trip(conversation: str, *, now: int) -> Session:
    """Tell of a planned trip: two tools, one of which fails, and a subagent with a tool of its own."""
    cast = Cast("trip-planner", "anthropic", "claude-sonnet-4-6", conversation)
    session = Session(cast, began=now - int(TRIP_S * 1e9))
    with session.agent("trip-planner", task="Plans trips"):
        wish = "Two days in Lisbon next week, by train if there is one."
        session.chat(wish, "", Usage(1850, 96, cache_write=1536), seconds=2.1, calls=["get_weather", "find_trains"])
        with session.tool("get_weather", "call_get_weather", {"city": "Lisbon"}) as span:
            session.result(span, {"sky": "clear", "celsius": 21}, seconds=0.4)
        with session.tool("find_trains", "call_find_trains", {"to": "Lisbon"}) as span:
            session.error(span, TimeoutError("the timetable did not answer within 5 s"), seconds=5.0)
        session.chat("tool results", "", Usage(2210, 74, cache_read=1536), seconds=1.6, calls=["ask_hotel_scout"])
        with session.tool("ask_hotel_scout", "call_ask_hotel_scout", {"nights": 2}) as span:
            _scout(session)
            session.result(span, {"hotel": "Casa do Rio", "eur": 184}, seconds=0.1)
        plan = "Fly on Tuesday, stay two nights at Casa do Rio; trains could not be looked up."
        session.chat("tool results", plan, Usage(2545, 312, cache_read=2048, reasoning=128), seconds=3.8)
        session.judge("Helpfulness", 0.8, why="Says that trains could not be looked up.")
    return session


def _scout(session: Session) -> None:
    with session.agent("hotel-scout", task="Finds hotels"):
        session.chat("Hotel in Lisbon, two nights", "", Usage(620, 41), seconds=1.2, calls=["search_hotels"])
        with session.tool("search_hotels", "call_search_hotels", {"city": "Lisbon", "nights": 2}) as span:
            session.result(span, [{"hotel": "Casa do Rio", "eur": 184}], seconds=0.7)
        session.chat("tool results", "Casa do Rio, 184 EUR for two nights.", Usage(780, 38), seconds=1.0)


def repair(conversation: str, *, now: int) -> Session:
    """Tell of a mended test: three tools, all of which work."""
    session = Session(Cast("code-helper", "openai", "gpt-5.2", conversation), began=now - int(REPAIR_S * 1e9))
    with session.agent("code-helper", task="Mends code"):
        wish = "test_parse fails since this morning, please mend it."
        session.chat(wish, "", Usage(3120, 58, reasoning=32), seconds=1.9, calls=["run_tests"])
        with session.tool("run_tests", "call_run_tests", {"path": "tests/test_parse.py"}) as span:
            session.result(span, {"passed": 11, "failed": 1}, seconds=2.4)
        session.chat("tool results", "", Usage(3460, 120, cache_read=3072), seconds=2.2, calls=["edit_file"])
        with session.tool("edit_file", "call_edit_file", {"path": "parse.py", "line": 42}) as span:
            session.result(span, {"changed": True}, seconds=0.1)
        session.chat("tool results", "", Usage(3610, 31, cache_read=3328), seconds=0.9, calls=["run_tests"])
        with session.tool("run_tests", "call_run_tests_2", {"path": "tests/test_parse.py"}) as span:
            session.result(span, {"passed": 12, "failed": 0}, seconds=2.3)
        session.chat("tool results", "Mended: an empty line ended the loop.", Usage(3702, 44), seconds=1.1)
        session.judge("Correctness", 1.0, why="All tests pass.")
    return session
