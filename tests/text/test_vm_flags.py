"""Every flag has words."""

from smapstop.proc.fields import VM_FLAGS
from smapstop.text.vm_flags import flag_help


def test_every_flag_has_its_name_in_the_kernel_and_its_meaning() -> None:
    for code, meaning in VM_FLAGS.items():
        assert flag_help(code).startswith(f"VM_{flag_help(code)[3:].split(':')[0]}: {meaning}.")
    assert flag_help("xy") == ""
