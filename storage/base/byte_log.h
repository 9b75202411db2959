// An endless sequence of bytes that is appended at one end and read at several places: what writes
// did, on its way to the append-only file, the replication backlog and replicas.
//
// Bytes are kept once, in blocks, however many read them. A reader refers to the block it stands
// in, and each block to the next one; so a block lives exactly as long as somebody may still read
// it, and nobody looks for what can be freed. Positions count all bytes ever appended.
//
// One thread appends and moves readers. A Slice keeps its bytes alive on any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace spinel::storage {

class ByteLog {
 public:
  // Most bytes that `reserve` gives at once.
  static constexpr size_t kMaxReserve = 4096;

  ByteLog() = default;
  // All readers and slices must be gone.
  ~ByteLog();
  ByteLog(const ByteLog&) = delete;
  ByteLog& operator=(const ByteLog&) = delete;

  class Reader;
  class Slice;

  // How many bytes were ever appended: the position of the next one.
  uint64_t end() const { return end_; }
  // Without readers nothing needs to be appended.
  bool has_readers() const { return readers_ > 0; }
  // Bytes that the blocks take which are still alive.
  size_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

  void append(std::string_view bytes);
  // Room for `size` <= kMaxReserve bytes in one piece; write there, then `commit` what was written.
  char* reserve(size_t size) {
    if (tail_ == nullptr || tail_->capacity - tail_->size < size) [[unlikely]]
      add_block(size);
    return tail_->bytes() + tail_->size;
  }
  void commit(size_t size) {
    tail_->size += size;
    end_ += size;
  }

 private:
  struct Block {
    std::atomic<uint64_t> references;
    ByteLog* log;
    Block* next;
    uint64_t begin;  // position of the first byte
    size_t size;
    size_t capacity;

    char* bytes() { return reinterpret_cast<char*>(this + 1); }
  };

  void add_block(size_t least_capacity);
  static void retain(Block* block) { block->references.fetch_add(1, std::memory_order_relaxed); }
  static void release(Block* block);

  Block* tail_ = nullptr;
  uint64_t end_ = 0;
  size_t readers_ = 0;
  std::atomic<size_t> memory_bytes_ = 0;
};

// A place in a log. Everything behind it can be read.
class ByteLog::Reader {
 public:
  // At the end of `log`: reads what is appended from now on.
  explicit Reader(ByteLog& log);
  // At the place of `other`.
  Reader(const Reader& other);
  Reader& operator=(const Reader&) = delete;
  ~Reader();

  uint64_t position() const { return block_->begin + offset_; }
  // How many bytes are left to read.
  uint64_t available() const { return log_.end() - position(); }

  // The next bytes that lie in one piece; empty at the end. Valid until the reader moves.
  std::string_view peek() {
    if (offset_ == block_->size) next_block();
    return {block_->bytes() + offset_, block_->size - offset_};
  }
  // Moves `size` bytes on; at most `available()`.
  void advance(uint64_t size);
  // The bytes of `peek`, kept alive by themselves; moves behind them.
  Slice take();

 private:
  void next_block();

  ByteLog& log_;
  Block* block_;
  size_t offset_ = 0;
};

// Bytes of a log that stay where they are as long as this lives.
class ByteLog::Slice {
 public:
  Slice(Slice&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), bytes_(other.bytes_) {}
  Slice& operator=(Slice&& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Slice() {
    if (block_ != nullptr) release(block_);
  }

  std::string_view bytes() const { return bytes_; }

 private:
  friend class Reader;
  Slice(Block* block, std::string_view bytes) : block_(block), bytes_(bytes) { retain(block); }

  Block* block_;
  std::string_view bytes_;
};

}  // namespace spinel::storage
