// How much of it is worth doing in a build whose instrumented code is ten times slower.
#pragma once

namespace spinel::test {

// `rounds` of a random test; a tenth of them under sanitizers.
constexpr int effort(int rounds) {
#ifdef SPINEL_SANITIZED
  return (rounds + 9) / 10;
#else
  return rounds;
#endif
}

}  // namespace spinel::test
