// The processor's state at a crash, for the report of crash_handler.h.
#pragma once

#include <cstdint>
#include <ucontext.h>

#include "server/process/crash_handler.h"

namespace spinel::server {

// Return the addresses of the faulting instruction and of the top of the stack; 0 on unknown
// processors.
uint64_t instruction_pointer(const ucontext_t& context);
uint64_t stack_pointer(const ucontext_t& context);

// Writes all general registers, several per line.
void write_registers(CrashWriter& out, const ucontext_t& context);

}  // namespace spinel::server
