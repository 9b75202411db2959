// What it costs to write the effect of SET into the stream, with one reader that keeps up.
//
//   build/release/tests/effects_bench
#include <chrono>
#include <cstdio>
#include <string>

#include "server/engine/effects.h"

int main() {
  using Clock = std::chrono::steady_clock;
  constexpr int kRounds = 50'000;
  constexpr int kBatch = 100;  // what one read of a client at that pipeline depth brings

  spinel::server::EffectStream stream;
  const std::string value(32, 'v');
  const std::string_view effect[] = {"SET", "key:00000000001", value};
  const auto measure = [&](const char* name, auto&& after_batch) {
    const auto began = Clock::now();
    for (int round = 0; round < kRounds; ++round) {
      for (int i = 0; i < kBatch; ++i) stream.add_last(0, effect);
      after_batch();
    }
    const std::chrono::duration<double, std::micro> took = Clock::now() - began;
    std::printf("%-12s %.4f us\n", name, took.count() / kRounds / kBatch);
  };
  measure("no reader", [] {});
  auto reader = stream.reader();
  measure("one reader", [&] { reader.advance(reader.available()); });
}
