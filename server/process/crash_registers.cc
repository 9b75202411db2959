#include "server/process/crash_registers.h"

#include <array>

namespace spinel::server {
namespace {

constexpr int kHexDigits = 16;
constexpr int kRegistersPerLine = 2;

class RegisterTable {
 public:
  explicit RegisterTable(CrashWriter& out) : out_(out) {}

  void add(std::string_view name, uint64_t value) {
    out_.text(name).text(":").hex(value, kHexDigits);
    out_.text(++count_ % kRegistersPerLine == 0 ? "\n" : " ");
  }
  void finish() {
    if (count_ % kRegistersPerLine != 0) out_.text("\n");
  }

 private:
  CrashWriter& out_;
  int count_ = 0;
};

}  // namespace

#if defined(__x86_64__)

namespace {

struct NamedRegister {
  std::string_view name;
  int index;
};

constexpr std::array<NamedRegister, 20> kRegisters = {{
    {"RAX", REG_RAX}, {"RBX", REG_RBX}, {"RCX", REG_RCX}, {"RDX", REG_RDX}, {"RDI", REG_RDI},
    {"RSI", REG_RSI}, {"RBP", REG_RBP}, {"RSP", REG_RSP}, {"R8 ", REG_R8},  {"R9 ", REG_R9},
    {"R10", REG_R10}, {"R11", REG_R11}, {"R12", REG_R12}, {"R13", REG_R13}, {"R14", REG_R14},
    {"R15", REG_R15}, {"RIP", REG_RIP}, {"EFL", REG_EFL}, {"ERR", REG_ERR}, {"CR2", REG_CR2},
}};

uint64_t value_of(const ucontext_t& context, int index) {
  return static_cast<uint64_t>(context.uc_mcontext.gregs[index]);
}

}  // namespace

uint64_t instruction_pointer(const ucontext_t& context) {
  return value_of(context, REG_RIP);
}
uint64_t stack_pointer(const ucontext_t& context) {
  return value_of(context, REG_RSP);
}

void write_registers(CrashWriter& out, const ucontext_t& context) {
  RegisterTable table(out);
  for (const auto& each : kRegisters) table.add(each.name, value_of(context, each.index));
  table.finish();
}

#elif defined(__aarch64__)

uint64_t instruction_pointer(const ucontext_t& context) {
  return context.uc_mcontext.pc;
}
uint64_t stack_pointer(const ucontext_t& context) {
  return context.uc_mcontext.sp;
}

void write_registers(CrashWriter& out, const ucontext_t& context) {
  RegisterTable table(out);
  for (int i = 0; i < 31; ++i) {
    const char name[] = {'X', static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
    table.add(std::string_view(name, sizeof name), context.uc_mcontext.regs[i]);
  }
  table.add("SP ", context.uc_mcontext.sp);
  table.add("PC ", context.uc_mcontext.pc);
  table.add("PST", context.uc_mcontext.pstate);
  table.add("FAR", context.uc_mcontext.fault_address);
  table.finish();
}

#else

uint64_t instruction_pointer(const ucontext_t&) {
  return 0;
}
uint64_t stack_pointer(const ucontext_t&) {
  return 0;
}
void write_registers(CrashWriter& out, const ucontext_t&) {
  out.text("(not known on this processor)\n");
}

#endif

}  // namespace spinel::server
