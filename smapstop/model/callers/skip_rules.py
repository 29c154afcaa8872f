"""Rules for the functions to skip when asking who wanted memory: allocators, copying, interpreters, program start."""

import re
from enum import Enum, auto
from functools import cache, lru_cache
from typing import NamedTuple


class Position(Enum):
    """Where in a stack a function is skipped."""

    INNERMOST = auto()
    """Before all others: it allocates, copies and fills for its caller, and so does what is inlined into it."""
    TEMPLATE = auto()
    """Before all others, too; but what is inlined into it may be code of the program."""
    OUTERMOST = auto()
    """After all others: it starts programs and threads."""
    AMONG = auto()
    """Anywhere in a stack that has frames of its language: it runs them."""


class SkipRule(NamedTuple):
    """A kind of functions to skip."""

    position: Position
    names: re.Pattern[str]
    """Matches their whole names without arguments, see `plain_name`; an empty one if there is no symbol."""
    files: re.Pattern[str] | None = None
    """Matches the whole name of their file, without its folder; `None` for any file."""
    language: re.Pattern[str] | None = None
    """Begins the names of the frames of a language, for `Position.AMONG`."""


_ALL = re.compile(r".*", re.DOTALL)
_PYTHON = re.compile(r"py::[^(]*:")
_JAVASCRIPT = re.compile(r"(?:JS|LazyCompile|Function|Script|Eval|Builtin|RegExp|BytecodeHandler):")
_JAVA = re.compile(r"[\w.$\[\]]+ [\w.$]+\.[\w$<>]+\(|Interpreter$")
_LIBC = re.compile(r"libc(?:\.so(?:\.6)?|-2\.\d+\.so)|ld-musl-.*")
_RUST = re.compile(r"std::rt::lang_start")


def _names(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives))


@cache
def skip_rules() -> tuple[SkipRule, ...]:
    """The rules. To add one: the position, and a pattern of the names or files."""
    return (
        SkipRule(  # the C library's ways to move bytes, in all their variants
            Position.INNERMOST,
            _names(
                r"_*(?:GI_+|libc_|vdso_)?(?:w?mem(?:set|cpy|move|pcpy|chr|rchr|cmp)|bzero|bcopy|explicit_bzero)(?:_\w+)?",
                r"_*(?:GI_+)?(?:str|wcs|stp)(?:n?len|n?cpy|n?cat|r?chr|n?cmp|n?casecmp|n?dup|str|c?spn|pbrk)"
                r"(?:nul)?(?:_(?:sse|avx|evex|generic|chk)\w*)?",
                r"__vdso_\w+",
            ),
        ),
        SkipRule(  # the C library's ways into the kernel that fill memory
            Position.INNERMOST,
            _names(
                r"_*(?:GI_+|libc_)*(?:p?readv?(?:64)?(?:v2)?|recv(?:from|m?msg)?|getrandom|getdents(?:64)?|f?stat(?:at)?(?:64)?"
                r"|epoll_p?wait2?|p?poll|p?select)(?:_nocancel)?"
            ),
            _LIBC,
        ),
        SkipRule(  # allocators, and the wrappers that programs have around them: xmalloc, zcalloc, g_malloc0
            Position.INNERMOST,
            _names(
                r"\w*(?:[mcz]alloc|realloc|memalign|strdup)(?:array|0|_n|0_n|_usable|_internal|_impl|_large|_huge|_hook)*",
                r"_*(?:libc_)?(?:aligned_alloc|valloc|pvalloc|free|cfree|s?brk|m(?:un)?map(?:64)?|mremap|mprotect|madvise)",
                r"_int_(?:malloc|free|realloc|memalign)\w*|sysmalloc\w*|malloc_consolidate|_mid_memalign|ptmalloc_init",
                r"tcache_init|__(?:default_|glibc_)morecore|__(?:libc_malloc_impl|malloc_alloc_meta)",
                r"operator (?:new|delete)(?:\[\])?",
                r"__(?:rust|rdl|rg)_(?:alloc|realloc|alloc_zeroed|dealloc)",
            ),
        ),
        SkipRule(  # glibc's and musl's allocators have names inside that others may have, too
            Position.INNERMOST,
            _names(
                r"(?:new|grow|shrink)_heap|heap_trim|systrim|arena_get\w*|alloc_(?:perturb|slot|group)|unlink_chunk",
                r"tcache_\w+",
            ),
            _LIBC,
        ),
        SkipRule(
            Position.INNERMOST, _ALL, re.compile(r"lib(?:je|tc|mi|sn)malloc\w*\.so.*|lib(?:mimalloc|hoard)\w*\.so.*")
        ),
        SkipRule(  # the standard libraries of C++ and Rust
            Position.TEMPLATE, re.compile(r"(?:std|__gnu_cxx|core|alloc|hashbrown)::.*", re.DOTALL)
        ),
        SkipRule(  # exceptions on their way
            Position.INNERMOST,
            _names(r"_Unwind_\w+|uw_\w+|__cxa_\w+|__gxx_personality_v0|execute_cfa_program"),
        ),
        SkipRule(Position.INNERMOST, _ALL, re.compile(r"libgcc_s\.so.*")),
        SkipRule(Position.INNERMOST, _names(r"(?:internal/)?runtime[./].*", "gcWriteBarrier.*")),  # Go
        SkipRule(Position.INNERMOST, _ALL, re.compile(r"libjvm\.so")),
        SkipRule(  # code that Java's virtual machine wrote for itself
            Position.INNERMOST, _names(r"\w+ Runtime1 stub|StubRoutines(?: .*)?|_new_\w+_Java"), re.compile("")
        ),
        SkipRule(  # CPython's allocators
            Position.INNERMOST,
            _names(
                r"_?Py(?:Object|Mem)_\w*(?:Malloc|Calloc|Realloc|Free)|pymalloc_\w+|new_arena|allocate_from_new_pool",
                r"_PyObject_Arena\w+|_Py(?:Object|Type)_\w*(?:GC_|Alloc|New)\w*|PyType_GenericAlloc|gc_alloc",
            ),
        ),
        SkipRule(  # CPython's loops and calls, from one function in Python to the next
            Position.AMONG,
            _names(
                r"_?PyEval_\w+|py_trampoline_evaluator|_?Py(?:Object|Function|Vectorcall|CFunction)_?\w*[Cc]all\w*",
                r"_PyObject_MakeTpCall|(?:cfunction|method|vectorcall|object|slot_tp|type|gen|func)_(?:v|call|send|method)\w*",
                r"run_(?:eval_code_obj|mod)|_?PyRun_\w+|pymain_\w+|Py_(?:RunMain|BytesMain|Main)|pyrun_\w+",
            ),
            language=_PYTHON,
        ),
        SkipRule(  # V8's builtins and insides, from one function in JavaScript to the next
            Position.AMONG,
            re.compile(r"Builtins_\w+|v8::.*|node::(?:Buffer|NodeArrayBufferAllocator)::.*", re.DOTALL),
            language=_JAVASCRIPT,
        ),
        SkipRule(Position.INNERMOST, _names(r"JS:\S* node:(?:internal/)?buffer:.*"), re.compile("")),
        SkipRule(Position.AMONG, _ALL, re.compile(r"lib(?:jvm|jli|java)\.so"), language=_JAVA),
        SkipRule(Position.AMONG, _names(r"StubRoutines(?: .*)?"), re.compile(""), language=_JAVA),
        SkipRule(  # what calls the main function of a program in Rust
            Position.AMONG, _names(r"main|core::ops::function::.*|std::(?:rt|sys\w*|panic\w*)::.*"), language=_RUST
        ),
        SkipRule(Position.OUTERMOST, re.compile(""), _LIBC),  # musl's start of programs and threads, without symbols
        SkipRule(
            Position.OUTERMOST,
            _names(
                r"_start(?:_c)?|__libc_start_(?:main|call_main|main_impl|main_stage2)|libc_start_main_stage2|_dl_start_user",
                r"thread_native_entry|(?:Thread|VMThread|VM_Operation|(?:Abstract)?GangWorker|WorkerThread)::\w+",
                r"_*clone3?|start_thread|execute_native_thread_routine",
                r"runtime\.(?:goexit|main|mstart\w*|rt0_go|systemstack|mcall|_rt0_\w+)(?:\.abi0)?|_rt0_\w+",
                r"std::(?:rt|sys\w*|thread|panicking|panic)::.*|core::ops::function::.*|std::thread::.*|std::__invoke.*",
            ),
        ),
    )


@lru_cache(1 << 14)
def plain_name(name: str) -> str:
    """Return a function's name without arguments, templates, type of its result, and marks of the compiler.

    `int* std::fill<int*>(int*, int*)` → `std::fill`, `_int_malloc.constprop.0` → `_int_malloc`. A method of Rust
    (`<alloc::vec::Vec<u8> as core::clone::Clone>::clone`) is named by its type if
    that has a path, or else by its trait.
    """
    name = _compilers_mark().sub("", name)
    if name.startswith("<") and "::" in name:
        kind, _, trait = name[1:].partition(" as ")
        return kind if "::" in kind.partition("<")[0] or not trait else trait
    if not _HAS_ARGUMENTS.search(name):
        return name
    if ".<" in name:  # Java's `void Leak.<init>(int)`
        return name.partition("(")[0].rpartition(" ")[2]
    bare = "".join(_outside_brackets(name.replace("(anonymous namespace)::", "").replace("operator()", "operator")))
    bare = bare.partition("(")[0].rstrip()
    before, operator, after = bare.partition("operator ")
    return before.rpartition(" ")[2] + operator + after if operator else bare.rpartition(" ")[2]


@cache
def _compilers_mark() -> re.Pattern[str]:
    return re.compile(r"(?: \[clone [^]]*\]|\.(?:constprop|isra|part|cold|lto_priv|localalias|llvm)(?:\.\d+)?)+$")


_HAS_ARGUMENTS = re.compile(r"[(<]")


def _outside_brackets(name: str) -> list[str]:
    """List the characters outside of angle brackets."""
    depth, outside = 0, []
    for character in name:
        depth += character == "<"
        if not depth:
            outside.append(character)
        depth -= character == ">" and depth > 0
    return outside
