"""Who asked for memory, in stacks as they are in real programs."""

import pytest

from smapstop.model.callers.folding import fold_frames
from smapstop.proc.callstack.frames import Frame

C = "/usr/bin/program"
LIBC = "/usr/lib/x86_64-linux-gnu/libc.so.6"


def stack(text: str, file: str = C) -> tuple[Frame, ...]:
    """Frames from `innermost < … < outermost`, `~` marks inlined ones; code written at run time has no file."""
    names = text.split(" < ")
    plain = ((name.removeprefix("~"), name.startswith("~")) for name in names)
    return tuple(
        Frame(name, "" if name.startswith(("py::", "JS:")) else file, 16, inlined=inlined) for name, inlined in plain
    )


def folded(text: str, file: str = C) -> str:
    return " < ".join(str(frame.name) for frame in fold_frames(stack(text, file)))


@pytest.mark.parametrize(
    ("frames", "who"),
    [
        (
            "__memcpy_avx512_unaligned_erms < _sdsnewlen < createStringObject < main < __libc_start_main < _start",
            "_sdsnewlen < createStringObject < main",
        ),
        ("sysmalloc < _int_malloc < malloc < zmalloc < dictExpand < main", "dictExpand < main"),
        ("_int_malloc.constprop.0 < calloc < ztrycalloc_usable < zcalloc < dictExpand < main", "dictExpand < main"),
        ("touch < of_thread < start_thread < clone3", "touch < of_thread"),
        (
            (
                "__memset_evex < operator new(unsigned long) < "
                "void std::vector<int, std::allocator<int> >::_M_realloc_insert<int>(int*, int&&) < fill(int) < main"
            ),
            "fill(int) < main",
        ),
        (
            "std::vector<int, std::allocator<int> > make<int>(std::vector<int, std::allocator<int> >) < main",
            "std::vector<int, std::allocator<int> > make<int>(std::vector<int, std::allocator<int> >) < main",
        ),
        ("uw_frame_state_for < _Unwind_RaiseException < __cxa_throw < thrower() < main", "thrower() < main"),
        (
            (
                "runtime.memclrNoHeapPointers < runtime.mallocgc < runtime.makeslice < main.remember < main.main < "
                "runtime.main < runtime.goexit"
            ),
            "main.remember < main.main",
        ),
        (
            (
                "__memset_evex < unicode_repeat < _PyEval_EvalFrameDefault < py::remember:a.py < "
                "py_trampoline_evaluator < PyObject_Vectorcall < _PyEval_EvalFrameDefault < py::<module>:a.py < "
                "py_trampoline_evaluator < PyEval_EvalCode < run_eval_code_obj < run_mod < _PyRun_SimpleFileObject < "
                "_PyRun_AnyFileObject < "
                "pymain_run_python < Py_RunMain < Py_BytesMain < __libc_start_call_main < __libc_start_main < _start"
            ),
            "unicode_repeat < py::remember:a.py < py::<module>:a.py",
        ),
        (
            (
                "__memset_evex < v8::internal::(anonymous namespace)::Accessor<Kinds<(v8::Kind)18> >::Fill(int) "
                "< Builtins_CEntry_Return1 < JS:*remember a.js:2:18 < Builtins_JSEntry < "
                "v8::internal::Execution::Call(v8::internal::Isolate*) < uv_run < main"
            ),
            "JS:*remember a.js:2:18 < uv_run < main",
        ),
        (
            (
                "<alloc::raw_vec::RawVec<u8>>::reserve < alloc::vec::from_elem < leak::remember < leak::main < "
                "core::ops::function::FnOnce::call_once < std::rt::lang_start < main < __libc_start_main"
            ),
            "leak::remember < leak::main",
        ),
        ("<leak::Shape as core::fmt::Display>::fmt < main", "<leak::Shape as core::fmt::Display>::fmt < main"),
        ("<u8 as alloc::vec::spec_from_elem::SpecFromElem>::from_elem < leak::main", "leak::main"),
        ("~chunk_at < ~take_from_top < _int_malloc < malloc < ~keep < remember < main", "keep < remember < main"),
        ("~std::fill < ~std::vector::resize < ~keep < remember < main", "keep < remember < main"),
        (
            "~Widget::copy < std::vector::resize < remember < main",
            "Widget::copy < std::vector::resize < remember < main",
        ),
    ],
)
def test_a_stack_begins_with_who_asked(frames: str, who: str) -> None:
    assert folded(frames) == who


@pytest.mark.parametrize(
    "name",
    [
        "memory_pool_grow",
        "string_table_add",
        "mallocator_test",
        "grow_heap",
        "runtime_init",
        "freeze",
        "startle",
        "cloned",
    ],
)
def test_a_similar_name_is_not_skipped(name: str) -> None:
    assert folded(f"{name} < main") == f"{name} < main"


def test_everything_in_an_allocator_is_skipped() -> None:
    frames = [Frame("anything", "/usr/lib/libjemalloc.so.2", 0), Frame(None, "/usr/lib/libjvm.so", 9)]
    assert fold_frames([*frames, Frame("who", C, 0)]) == (Frame("who", C, 0),)


def test_java_is_recognised_by_its_methods() -> None:
    machine = [Frame("TypeArrayKlass::allocate_common(int, bool, JavaThread*)", "/usr/lib/jvm/libjvm.so", 1)]
    written = [Frame("new_type_array Runtime1 stub", "", 2), Frame("Leak.remember(int)", "", 3)]
    assert [frame.name for frame in fold_frames([*machine, *written])] == ["Leak.remember(int)"]


def test_what_runs_java_is_not_among_its_methods() -> None:
    machine = [
        Frame(name, "/usr/lib/jvm/libjvm.so", 1) for name in ("JavaCalls::call_helper(JavaValue*)", "JVM_Invoke")
    ]
    start = [*machine, Frame("JavaMain", "/usr/lib/jvm/libjli.so", 2), Frame("start_thread", "/usr/lib/libc.so.6", 3)]
    written = [
        Frame(name, "", 4)
        for name in ("void Leak.<init>(int)", "StubRoutines (1)", "Interpreter", "StubRoutines (2)")
    ]
    assert [frame.name for frame in fold_frames([*written, *start])] == ["void Leak.<init>(int)", "Interpreter"]
    assert fold_frames([written[2], *start]) == (written[2],)  # what is not compiled has no name


def test_a_collector_is_named_by_its_operation() -> None:
    names = ("memcpy", "VM_GenCollectForAllocation::doit()", "VM_Operation::evaluate()", "VMThread::run()")
    frames = [Frame(name, "/usr/lib/jvm/libjvm.so", 1) for name in (*names, "thread_native_entry(Thread*)")]
    assert fold_frames([*frames, Frame("start_thread", LIBC, 3)]) == (frames[1],)


def test_code_that_fills_a_buffer_for_javascript_is_skipped() -> None:
    native = [Frame(name, "/usr/bin/node", 1) for name in ("memcpy", "node::Buffer::Fill(Args)", "Builtins_CallApi")]
    scripts = [Frame(name, "", 1) for name in ("JS:^alloc node:buffer:391:30", "JS:*handle /srv/app.js:3:16")]
    assert fold_frames([*native, *scripts]) == (scripts[1],)


def test_a_stack_of_skipped_functions_leaves_the_one_they_work_for() -> None:
    assert folded("sysmalloc < _int_malloc < malloc < _start") == "malloc"
    assert folded("runtime.getempty < runtime.gcDrain < runtime.gcBgMarkWorker < runtime.goexit") == (
        "runtime.gcBgMarkWorker"
    )
    assert folded("_start") == "_start"
    assert fold_frames(()) == ()


def test_the_interpreter_alone_is_who_asked() -> None:
    """Without Python's names of its functions, the loop is all that there is to say."""
    assert folded("unicode_repeat < _PyEval_EvalFrameDefault < Py_RunMain < main").count("<") == 3


def test_what_has_no_name_asks_for_itself() -> None:
    unnamed = Frame(None, C, 0x64EF7)
    assert fold_frames([*stack("malloc", LIBC), unnamed]) == (unnamed,)


def test_the_start_of_a_program_in_a_stripped_library_is_not_who_asked() -> None:
    assert fold_frames([*stack("fill < main"), Frame(None, "/lib/ld-musl-x86_64.so.1", 0x1AD89)]) == stack(
        "fill < main"
    )
