// Faults of a function without a frame: 19 pages.
package main

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

//go:noinline
func touch(memory []byte, pages int) {
	for page := 0; page < pages; page++ {
		memory[page*4096] = 1
	}
}

//go:noinline
func handle(memory []byte, pages int) int {
	touch(memory, pages)
	return len(memory)
}

func step(label string, memory []byte) {
	fmt.Printf("%s %x\n", label, uintptr(unsafe.Pointer(&memory[0])))
	if n, _ := os.Stdin.Read(make([]byte, 1)); n != 1 {
		os.Exit(0)
	}
}

func main() {
	memory, _ := syscall.Mmap(-1, 0, 64*4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	step("ready", memory)
	handle(memory, 19)
	step("touched", memory)
}
