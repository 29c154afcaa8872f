"""Output of the verbs: all of it arrives, or an error is reported."""

from interrupted_writer import output_across_a_stop

LENGTH = 1_000_000
CODE = f"from smapstop.cli.output import print_text; print_text('x' * {LENGTH}, 'the text')"


def test_a_stop_while_it_is_written_loses_nothing() -> None:
    assert output_across_a_stop(CODE) == b"x" * LENGTH
