#include "tests/support/wait.h"

#include <algorithm>
#include <thread>

namespace spinel::test {

bool wait_until(const std::function<bool()>& condition, milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  milliseconds pause{1};
  while (!condition()) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, milliseconds{20});
  }
  return true;
}

}  // namespace spinel::test
