#include "storage/base/crc64.h"

#include <gtest/gtest.h>

namespace spinel::storage {
namespace {

// One bit at a time, straight from the definition.
uint64_t model_crc64(uint64_t crc, std::string_view bytes) {
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x95ac9329ac4bc9b5ull : 0);
  }
  return crc;
}

TEST(Crc64, CheckValues) {
  EXPECT_EQ(crc64(0, "123456789", 9), 0xe9c6d914c4b8d9caull);
  EXPECT_EQ(crc64(0, "", 0), 0u);
  EXPECT_EQ(crc64(77, nullptr, 0), 77u);
}

TEST(Crc64, AgreesWithTheDefinitionAtEverySplit) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes.push_back(static_cast<char>(i * 37 + 200));
  const uint64_t whole = model_crc64(0, bytes);
  for (size_t split = 0; split <= bytes.size(); ++split) {
    const uint64_t head = crc64(0, bytes.data(), split);
    EXPECT_EQ(head, model_crc64(0, std::string_view(bytes).substr(0, split)));
    EXPECT_EQ(crc64(head, bytes.data() + split, bytes.size() - split), whole);
  }
}

TEST(Crc64, MultiplyingAgreesWithTheTablesAtEveryLength) {
  if (!detail::has_crc64_pclmul()) GTEST_SKIP() << "the CPU has no carry-less multiplication";
  std::string bytes;
  for (uint32_t i = 0; i < 1000; ++i) bytes.push_back(static_cast<char>(i * 2654435761u >> 24));
  for (size_t begin = 0; begin < 3; ++begin) {
    for (size_t size = 0; begin + size <= bytes.size(); ++size) {
      const char* from = bytes.data() + begin;
      ASSERT_EQ(detail::crc64_pclmul(begin * 0x123456789abcdefull, from, size),
                detail::crc64_tables(begin * 0x123456789abcdefull, from, size))
          << size << " bytes from " << begin;
    }
  }
}

}  // namespace
}  // namespace spinel::storage
