#include "storage/base/byte_log.h"

#include <deque>
#include <gtest/gtest.h>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "storage/base/memory.h"

namespace spinel::storage {
namespace {

std::string read_all(ByteLog::Reader& reader) {
  std::string bytes;
  for (std::string_view part = reader.peek(); !part.empty(); part = reader.peek()) {
    bytes += part;
    reader.advance(part.size());
  }
  return bytes;
}

TEST(ByteLog, AReaderSeesWhatIsAppendedAfterIt) {
  ByteLog log;
  EXPECT_FALSE(log.has_readers());
  log.append("before");
  ByteLog::Reader reader(log);
  EXPECT_TRUE(log.has_readers());
  EXPECT_EQ(reader.position(), 6U);
  EXPECT_TRUE(reader.peek().empty());
  log.append("after");
  EXPECT_EQ(reader.available(), 5U);
  EXPECT_EQ(read_all(reader), "after");
  EXPECT_EQ(reader.position(), log.end());
}

TEST(ByteLog, KeepsNoMoreThanItsReadersNeed) {
  const std::string piece(1000, 'x');
  ByteLog log;
  {
    ByteLog::Reader slow(log);
    for (int i = 0; i < 1000; ++i) {
      ByteLog::Reader fast(log);
      log.append(piece);
      fast.advance(piece.size());
    }
    EXPECT_GE(log.memory_bytes(), 1'000'000U);
    EXPECT_LE(log.memory_bytes(), 1'100'000U);
    slow.advance(900'000);
    EXPECT_LE(log.memory_bytes(), 140'000U);
  }
  EXPECT_LE(log.memory_bytes(), 40'000U);
}

TEST(ByteLog, ALongLogIsFreedWithoutRecursion) {
  const std::string piece(16'000, 'x');
  ByteLog log;
  ByteLog::Reader reader(log);
  for (int i = 0; i < 20'000; ++i) log.append(piece);
  reader.advance(reader.available());
  EXPECT_TRUE(reader.peek().empty());
  EXPECT_LE(log.memory_bytes(), 40'000U);
}

TEST(ByteLog, PiecesLargerThanABlock) {
  ByteLog log;
  ByteLog::Reader reader(log);
  std::string large(5'000'000, 'x');
  large[4'999'999] = 'y';
  log.append("a");
  log.append(large);
  log.append("b");
  EXPECT_EQ(read_all(reader), "a" + large + "b");
}

// Against a string, with readers that come, copy each other, move and go.
TEST(ByteLog, BehavesLikeAString) {
  std::mt19937 random(20261130);
  std::string model;
  ByteLog log;
  std::deque<ByteLog::Reader> readers;
  for (int step = 0; step < 20'000; ++step) {
    switch (random() % 8) {
      case 0:
        if (readers.size() < 5) readers.emplace_back(log);
        break;
      case 1:
        if (!readers.empty() && random() % 2 == 0) readers.pop_front();
        break;
      case 2:
        if (!readers.empty() && readers.size() < 5) readers.push_back(readers.front());
        break;
      case 3:
      case 4: {
        const std::string bytes(random() % 30'000 >> random() % 15, static_cast<char>(random()));
        log.append(bytes);
        model += bytes;
        break;
      }
      case 5: {
        const size_t size = random() % ByteLog::kMaxReserve;
        const std::string bytes(size, static_cast<char>(random()));
        bytes.copy(log.reserve(size), size);
        log.commit(size);
        model += bytes;
        break;
      }
      default:
        for (ByteLog::Reader& reader : readers) {
          if (reader.available() == 0) continue;
          const uint64_t size = random() % (reader.available() + 1);
          const auto at = static_cast<size_t>(reader.position());
          const std::string_view part = reader.peek();
          ASSERT_EQ(part, std::string_view(model).substr(at, part.size()));
          if (random() % 4 == 0) {
            ASSERT_EQ(reader.take().bytes(), std::string_view(model).substr(at, part.size()));
          } else {
            reader.advance(size);
            ASSERT_EQ(reader.position(), at + size);
          }
        }
    }
    ASSERT_EQ(log.end(), model.size());
  }
}

TEST(ByteLog, SlicesOutliveReadersOnOtherThreads) {
  ByteLog log;
  std::thread thread;
  {
    ByteLog::Reader reader(log);
    log.append("bytes");
    ByteLog::Slice slice = reader.take();
    thread = std::thread([slice = std::move(slice)] {
      register_memory_thread();
      EXPECT_EQ(slice.bytes(), "bytes");
    });
    for (int i = 0; i < 100; ++i) log.append(std::string(1000, 'x'));
  }
  thread.join();
  thread = {};
  EXPECT_LE(log.memory_bytes(), 40'000U);
}

}  // namespace
}  // namespace spinel::storage
