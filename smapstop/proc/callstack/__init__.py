"""Call stacks of page faults: rings of samples, unwinding, names.

code = ProcessCode(process, architecture, elf_cache)     # what code it has; `begin_tick` at each tick
stack = Unwinder(code).unwind(sample.registers, sample.stack)
frames = FrameNames(code).frames(stack.addresses)        # names, files, lines
"""
