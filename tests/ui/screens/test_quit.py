import pytest
from textual.app import App
from textual.widgets import OptionList, Static

from smapstop.ui.screens.quit import QuitChoice, QuitScreen

NOTHING = "no answer yet"


class Host(App[None]):
    """Asks the question, and keeps the answer."""

    def __init__(self, program: str = "./a.out (4711)", unsaved: str = "") -> None:
        super().__init__()
        self.program, self.unsaved = program, unsaved
        self.answer: QuitChoice | str | None = NOTHING

    def on_mount(self) -> None:
        self.push_screen(QuitScreen(self.program, self.unsaved), self.take)

    def take(self, answer: QuitChoice | None) -> None:
        self.answer = answer


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["e"], "end"),
        (["enter"], "end"),
        (["l"], "leave"),
        (["down", "enter"], "leave"),
        (["escape"], None),
        (["q"], None),
        (["ctrl+c"], None),
        (["end", "enter"], None),
    ],
)
async def test_a_key_answers(keys: list[str], answer: str | None) -> None:
    app = Host()
    async with app.run_test() as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert answer == app.answer


@pytest.mark.parametrize(
    ("program", "keys", "answer"),
    [
        ("", ["q"], "quit"),
        ("", ["enter"], "quit"),
        ("", ["x"], "save"),
        ("", ["escape"], None),
        ("", ["e"], None),
        ("./a.out", ["x"], "save"),
        ("./a.out", ["q"], None),
        ("./a.out", ["down", "down", "enter"], "save"),
    ],
)
async def test_history_that_is_not_saved_is_asked_for_once(program: str, keys: list[str], answer: str | None) -> None:
    app = Host(program, "2m05s")
    async with app.run_test() as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert answer == app.answer


async def test_other_keys_leave_the_question_open() -> None:
    app = Host()
    async with app.run_test() as pilot:
        await pilot.press("space", "m")
        assert app.answer == NOTHING
        assert isinstance(app.screen, QuitScreen)


async def test_a_click_answers() -> None:
    app = Host()
    async with app.run_test() as pilot:
        await pilot.click(OptionList, offset=(4, 1))
        await pilot.pause()
        assert app.answer == "leave"


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        ("./a.out (4711)", "./a.out (4711) is still running"),
        ("[red]x[/red]", "[red]x[/red] is still running"),
        ("a\x1b[2Jb", "a\\x1b[2Jb is still running"),
    ],
)
async def test_the_program_is_named_as_it_is_but_obeyed_in_nothing(program: str, shown: str) -> None:
    app = Host(program)
    async with app.run_test():
        question = app.screen.query_one("#question", Static)
        assert shown == question.render_line(0).text.strip()


async def test_no_answer_is_cut() -> None:
    app = Host(unsaved="23 h 59 min")
    async with app.run_test(size=(80, 24)):
        answers = app.screen.query_one(OptionList)
        for answer in answers.options:
            assert len(str(answer.prompt)) <= answers.size.width
