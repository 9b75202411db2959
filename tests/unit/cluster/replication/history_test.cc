#include "cluster/replication/history.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "server/engine/effects.h"

namespace spinel::cluster {
namespace {

class HistoryTest : public testing::Test {
 protected:
  using Words = std::vector<std::string_view>;

  // An effect of so many bytes in the log, behind a SELECT if the database changes.
  void write(size_t bytes, int database = 0) {
    const std::string value(bytes - kFrameBytes, 'x');
    const uint64_t end = effects_.log().end();
    const int selected = effects_.selected_database();
    effects_.add_last(database, Words{value});
    const uint64_t select_bytes = selected == database ? 0 : kSelectBytes;
    ASSERT_EQ(effects_.log().end() - end, bytes + select_bytes);
  }
  void write_local(size_t bytes) {
    effects_.set_local(true);
    effects_.add_last(0, Words{std::string(bytes - kFrameBytes, 'l')});
    effects_.set_local(false);
  }
  std::string read_all(storage::ByteLog::Reader reader) {
    std::string all;
    for (std::string_view bytes; !(bytes = history_.peek(reader)).empty();
         reader.advance(bytes.size())) {
      all += bytes;
    }
    return all;
  }

  static constexpr size_t kFrameBytes = 11;   // "*1", "$nn" and the ends of lines
  static constexpr size_t kSelectBytes = 23;  // SELECT of a database with one digit

  server::EffectStream effects_;
  History history_{effects_};
};

TEST_F(HistoryTest, BeginsEmptyWithAnIdOfItsOwn) {
  EXPECT_EQ(history_.id().size(), 40U);
  EXPECT_EQ(history_.second_id(), kNoReplicationId);
  EXPECT_EQ(history_.second_offset(), -1);
  EXPECT_EQ(history_.offset(), 0);
  EXPECT_FALSE(history_.has_backlog());
  EXPECT_FALSE(history_.can_continue(history_.id(), 1)) << "nothing was kept";
}

TEST_F(HistoryTest, CountsFromTheBeginningOfTheBacklog) {
  auto reader = effects_.plain_reader();  // as an append only file
  write(50);
  const std::string before = history_.id();
  history_.create_backlog();
  EXPECT_NE(history_.id(), before) << "what was written before has no offset";
  EXPECT_EQ(history_.offset(), 0);
  EXPECT_EQ(history_.first_byte(), 1);
  EXPECT_EQ(history_.length(), 0);
  write(50);  // selects anew
  EXPECT_EQ(history_.offset(), static_cast<int64_t>(50 + kSelectBytes));
  EXPECT_EQ(history_.first_byte(), 1);
  EXPECT_EQ(history_.length(), history_.offset());
}

TEST_F(HistoryTest, ContinuesWithinWhatIsKept) {
  history_.create_backlog();
  write(50);
  write(50);
  const int64_t end = history_.offset();
  for (const int64_t wanted : {int64_t{1}, int64_t{2}, end, end + 1}) {
    EXPECT_TRUE(history_.can_continue(history_.id(), wanted)) << wanted;
    EXPECT_EQ(read_all(history_.reader_at(wanted)).size(), static_cast<size_t>(end + 1 - wanted));
  }
  for (const int64_t wanted : {int64_t{-1}, int64_t{0}, end + 2}) {
    EXPECT_FALSE(history_.can_continue(history_.id(), wanted)) << wanted;
  }
  EXPECT_FALSE(history_.can_continue(std::string(kNoReplicationId), 1));
  std::string upper = history_.id();
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_TRUE(history_.can_continue(upper, 1));
}

TEST_F(HistoryTest, TrimsTheOldest) {
  history_.create_backlog();
  for (int i = 0; i < 10; ++i) write(100);
  const int64_t end = history_.offset();
  history_.trim(300);
  EXPECT_EQ(history_.offset(), end);
  EXPECT_EQ(history_.length(), 300);
  EXPECT_EQ(history_.first_byte(), end - 299);
  EXPECT_FALSE(history_.can_continue(history_.id(), end - 300));
  EXPECT_TRUE(history_.can_continue(history_.id(), end - 299));
  EXPECT_EQ(read_all(history_.reader_at(end - 299)).size(), 300U);
  history_.trim(1000);
  EXPECT_EQ(history_.length(), 300) << "what is gone stays gone";
}

TEST_F(HistoryTest, KeepsWhatSomebodyMayStillWant) {
  history_.create_backlog();
  write(100);
  const uint64_t wanted = effects_.log().end();
  for (int i = 0; i < 10; ++i) write(100);
  history_.trim(300, wanted);
  EXPECT_EQ(history_.length(), 1000);
  EXPECT_EQ(history_.backlog_position(), wanted);
  history_.trim(300);
  EXPECT_EQ(history_.length(), 300);
}

TEST_F(HistoryTest, OffsetsAndPositionsSkipWhatIsLocal) {
  history_.create_backlog();
  write(100);
  const int64_t first = history_.offset();
  write_local(40);
  EXPECT_EQ(history_.offset(), first) << "a replica's own writes are no part of the history";
  write(60);
  write_local(50);
  write(70);
  EXPECT_EQ(history_.offset(), first + 130);
  EXPECT_EQ(read_all(history_.reader_at(1)).size(), static_cast<size_t>(first + 130));
  EXPECT_EQ(read_all(history_.reader_at(1)).find('l'), std::string::npos);
  for (int64_t wanted = 1; wanted <= first + 131; ++wanted) {
    ASSERT_EQ(read_all(history_.reader_at(wanted)).size(),
              static_cast<size_t>(first + 131 - wanted));
  }
  for (int64_t offset = 0; offset <= first + 130; ++offset) {
    ASSERT_EQ(history_.offset_at(history_.position_at(offset)), offset);
  }
}

TEST_F(HistoryTest, TrimsThroughWhatIsLocal) {
  history_.create_backlog();
  for (int i = 0; i < 10; ++i) {
    write(100);
    write_local(40);
  }
  const int64_t end = history_.offset();
  for (uint64_t size = effects_.log().end(); size > 0; size -= std::min<uint64_t>(size, 37)) {
    history_.trim(size);
    ASSERT_EQ(history_.offset(), end) << size;
    ASSERT_EQ(read_all(history_.reader_at(history_.first_byte())).size(),
              static_cast<size_t>(history_.length()))
        << size;
    ASSERT_EQ(history_.first_byte() + history_.length(), end + 1) << size;
  }
}

TEST_F(HistoryTest, APromotionKeepsTheOldIdUpToItsEnd) {
  history_.create_backlog();
  write(100);
  const std::string old = history_.id();
  const int64_t end = history_.offset();
  history_.promote();
  EXPECT_NE(history_.id(), old);
  EXPECT_EQ(history_.second_id(), old);
  EXPECT_EQ(history_.second_offset(), end + 1);
  write(100);
  EXPECT_EQ(history_.offset(), static_cast<int64_t>(end + 100 + kSelectBytes))
      << "the first effect selects anew";
  EXPECT_TRUE(history_.can_continue(old, end + 1));
  EXPECT_FALSE(history_.can_continue(old, end + 2)) << "the old history ends there";
  EXPECT_TRUE(history_.can_continue(history_.id(), end + 2));
}

TEST_F(HistoryTest, AdoptsWhatAMasterHas) {
  history_.create_backlog();
  write(100);
  const std::string id(40, 'a');
  history_.adopt(id, 5000);
  EXPECT_EQ(history_.id(), id);
  EXPECT_EQ(history_.offset(), 5000);
  EXPECT_EQ(history_.first_byte(), 5001);
  EXPECT_EQ(history_.length(), 0);
  effects_.append_applied(std::string(30, 'm'), 0);
  EXPECT_EQ(history_.offset(), 5030);
  EXPECT_TRUE(history_.can_continue(id, 5001));
  EXPECT_FALSE(history_.can_continue(id, 5000));
  const std::string other(40, 'b');
  history_.continue_as(other);
  EXPECT_EQ(history_.second_id(), id);
  EXPECT_EQ(history_.second_offset(), 5031);
}

TEST_F(HistoryTest, WithoutABacklogItKeepsTheOffset) {
  history_.create_backlog();
  write(100);
  const int64_t end = history_.offset();
  const std::string id = history_.id();
  history_.drop_backlog();
  EXPECT_EQ(history_.offset(), end);
  EXPECT_NE(history_.id(), id);
  EXPECT_EQ(history_.first_byte(), 0);
  history_.create_backlog();
  EXPECT_EQ(history_.offset(), end);
  EXPECT_EQ(history_.first_byte(), end + 1);
}

}  // namespace
}  // namespace spinel::cluster
