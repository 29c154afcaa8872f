// Faults of two functions: 21 pages, and a vector of 64 pages that the library fills.
use std::io::{Read, Write};

#[inline(never)]
fn touch(memory: &mut [u8], pages: usize) {
    for page in 0..pages {
        unsafe { std::ptr::write_volatile(&mut memory[page * 4096], 1) };
    }
}

#[inline(never)]
fn remember(bytes: usize) -> Vec<u8> {
    std::hint::black_box(vec![7; bytes])
}

fn step(label: &str, address: *const u8) {
    println!("{} {:x}", label, address as usize);
    std::io::stdout().flush().unwrap();
    if std::io::stdin().read(&mut [0]).unwrap() == 0 {
        std::process::exit(0);
    }
}

fn main() {
    let mut memory: Vec<u8> = Vec::with_capacity(8 << 20); // mapped, and not touched
    unsafe { memory.set_len(8 << 20) };
    step("ready", memory.as_ptr());
    touch(&mut memory[4096..], 21); // the first page has the allocator's header
    let kept = remember(64 * 4096);
    step("touched", memory.as_ptr());
    drop(kept);
}
