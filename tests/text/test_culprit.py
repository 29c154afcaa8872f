"""Words for whose doing a change was."""

from smapstop.model.history.culprits import Culprit
from smapstop.proc.callstack.frames import Frame
from smapstop.text.culprit import culprit_text

FRAME = Frame("fill", "/demo/experiment", 4, "/src/experiment.c:30")


def test_it_says_by_whom_and_how_sure_that_is() -> None:
    assert culprit_text(None) == ""
    assert culprit_text(Culprit(FRAME, is_alone=True, sure=True)) == " by fill"
    assert culprit_text(Culprit(FRAME, is_alone=False, sure=True)) == " mostly by fill"
    assert culprit_text(Culprit(FRAME, is_alone=True, sure=False), full=True) == " by fill, experiment.c:30?"
