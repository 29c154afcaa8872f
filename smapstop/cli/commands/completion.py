"""`smapstop completion`: print a shell completion script, generated from the parsers of all verbs."""

from argparse import ArgumentParser

from smapstop.cli.arguments import CommandParser, add_common_options, parse_options
from smapstop.cli.commands import VERBS, build_parsers
from smapstop.cli.output import print_text
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError

_LIST_PROCESSES = (
    "grep -hsE '^(Name:.[A-Za-z0-9_][A-Za-z0-9_.+-]{0,13}$|Pid:|VmSize:)' /proc/*/status | awk '"
    '/^Name/ { name = "\\n" $2 } /^Pid/ { who = $2 name; name = "" } /^VmSize/ && who !~ /grep$|awk$/ { print who }\''
)
"""Shell command that lists running processes, one pid or name a line; kernel threads have no VmSize and are omitted.

Only plain names: bash would run a $(command) in a process name. Names of 15 bytes, probably truncated, are omitted.
"""

_PREAMBLES = {
    "bash": f"""
_smapstop_processes() {{
  compgen -W "$({_LIST_PROCESSES})" -- "$1"
}}
""",
    "zsh": f"""
_smapstop_processes() {{
  compadd -- ${{(f)"$({_LIST_PROCESSES})"}}
}}

# after --: another command line
functions[_smapstop_words]=$functions[_shtab_smapstop]
_shtab_smapstop() {{
  local at=${{words[(i)--]}}
  if (( at < CURRENT )); then
    shift $at words
    (( CURRENT -= at ))
    _normal
  else
    _smapstop_words "$@"
  fi
}}
""",
    "fish": f"""
function _smapstop_processes
    {_LIST_PROCESSES}
end
""",
}
"""Script text that shtab inserts for each shell; by then zsh's function is defined, bash's and fish's are not."""

_POSTAMBLES = {
    "bash": """
# after --: another command line
_smapstop() {
  local i
  for (( i = 1; i < COMP_CWORD; i++ )); do
    [[ ${COMP_WORDS[i]} == -- ]] || continue
    if declare -F _comp_command_offset >/dev/null; then
      _comp_command_offset $(( i + 1 ))  # bash-completion
    elif declare -F _command_offset >/dev/null; then
      _command_offset $(( i + 1 ))  # the same before 2.12
    else
      compopt -o default -o filenames 2>/dev/null
      (( i + 1 < COMP_CWORD )) || mapfile -t COMPREPLY < <(compgen -c -- "$2")
    fi
    return
  done
  _shtab_smapstop "$@"
}

complete -o bashdefault -F _smapstop smapstop
""",
    "zsh": "",
    "fish": """
# after --: another command line
functions -e _smapstop_words
functions -c _shtab_smapstop_using _smapstop_words
function _shtab_smapstop_using
    not contains -- -- (commandline -opc); and _smapstop_words $argv
end
function _smapstop_command
    set -l words (commandline -opc)
    set -e words[1..(contains -i -- -- $words)]
    complete -C "$(string escape -- $words | string join ' ') $(commandline -ct)"
end
complete -c smapstop -n 'contains -- -- (commandline -opc)' -xka '(_smapstop_command)'
""",
}
"""Script text after the output of shtab, by shell."""


def build_parser() -> CommandParser:
    """Build the parser of `smapstop completion`."""
    parser = CommandParser(
        "smapstop completion",
        "smapstop completion bash|zsh|fish",
        "Prints a script that makes the shell complete verbs, options, their values,\n"
        "processes and files, and after -- the words of another command.",
        "examples:\n"
        "  smapstop completion bash >~/.local/share/bash-completion/completions/smapstop\n"
        '                      for bash; or in ~/.bashrc: eval "$(...)"\n'
        "  smapstop completion zsh >~/.zfunc/_smapstop\n"
        "                      for zsh, with fpath+=~/.zfunc before compinit in ~/.zshrc",
    )
    group = parser.add_argument_group("shell")
    group.add_argument("shell", choices=tuple(_POSTAMBLES), metavar="SHELL", nargs="?", help="bash, zsh or fish")
    add_common_options(parser)
    return parser


def run(words: list[str], command: Command) -> int:
    """Print the completion script of a shell."""
    options, word = parse_options(build_parser(), words)
    if word is not None or command is not None:
        raise SmapstopError(f"unexpected {word or '--'!r}", "smapstop completion bash, zsh or fish")
    if options.shell is None:
        raise SmapstopError("completion needs a shell", "smapstop completion bash, zsh or fish")
    import shtab

    script = shtab.complete(_build_parser_tree(), options.shell, preamble=_PREAMBLES[options.shell])
    print_text(f"{script}\n{_POSTAMBLES[options.shell]}", "the script")
    return 0


def _build_parser_tree() -> ArgumentParser:
    """Build the parser of the dashboard with the verbs as subparsers; options get the completion of their values."""
    import shtab

    process = {"bash": "_smapstop_processes", "zsh": "_smapstop_processes", "fish": "(_smapstop_processes)"}
    values = dict.fromkeys(("FILE", "FILE|-", "PATH", "A", "B"), shtab.FILE) | {"PID|NAME": process}
    leaves = build_parsers()
    root = leaves.pop("dashboard")
    verbs = root.add_subparsers(parser_class=ArgumentParser)
    branches: list[ArgumentParser] = [root]
    for verb, leaf in leaves.items():
        summary = VERBS[verb]
        branches.append(verbs.add_parser(verb, parents=[leaf], add_help=False, description=summary, help=summary))
    for action in (action for branch in branches for action in branch._actions):  # noqa: SLF001 - shtab's own way
        if action.metavar in values:
            action.complete = values[action.metavar]  # type: ignore[attr-defined]
    return root
