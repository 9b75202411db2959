#include "storage/base/byte_log.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "storage/base/assert.h"
#include "storage/base/memory.h"

namespace spinel::storage {

namespace {
constexpr size_t kBlockBytes = 16 * 1024;
constexpr size_t kMaxBlockBytes = 1024 * 1024;
}  // namespace

ByteLog::~ByteLog() {
  SPINEL_ASSERT(readers_ == 0);
  if (tail_ != nullptr) release(tail_);
  SPINEL_ASSERT(memory_bytes() == 0);
}

void ByteLog::add_block(size_t least_capacity) {
  const size_t wanted = std::max(sizeof(Block) + least_capacity, kBlockBytes);
  const size_t size = usable_size(std::min(wanted, kMaxBlockBytes));
  Block* block = new (allocate_bytes(size)) Block{.references = 1,  // the log's
                                                  .log = this,
                                                  .next = nullptr,
                                                  .begin = end_,
                                                  .size = 0,
                                                  .capacity = size - sizeof(Block)};
  memory_bytes_.fetch_add(size, std::memory_order_relaxed);
  if (tail_ != nullptr) {
    // The block before owns a reference, too, unless nobody will ever come from there.
    retain(block);
    tail_->next = block;
    release(tail_);
  }
  tail_ = block;
}

// Freeing a block releases the next one, and so on: in a loop, since there may be many.
void ByteLog::release(Block* block) {
  while (block != nullptr && block->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    Block* next = block->next;
    const size_t size = sizeof(Block) + block->capacity;
    block->log->memory_bytes_.fetch_sub(size, std::memory_order_relaxed);
    block->~Block();
    free_bytes(block, size);
    block = next;
  }
}

void ByteLog::append(std::string_view bytes) {
  while (!bytes.empty()) {
    if (tail_ == nullptr || tail_->size == tail_->capacity) add_block(bytes.size());
    const size_t part = std::min(bytes.size(), tail_->capacity - tail_->size);
    std::memcpy(tail_->bytes() + tail_->size, bytes.data(), part);
    commit(part);
    bytes.remove_prefix(part);
  }
}

ByteLog::Reader::Reader(ByteLog& log) : log_(log) {
  if (log_.tail_ == nullptr) log_.add_block(0);
  block_ = log_.tail_;
  offset_ = block_->size;
  retain(block_);
  ++log_.readers_;
}

ByteLog::Reader::Reader(const Reader& other)
    : log_(other.log_), block_(other.block_), offset_(other.offset_) {
  retain(block_);
  ++log_.readers_;
}

ByteLog::Reader::~Reader() {
  release(block_);
  --log_.readers_;
}

void ByteLog::Reader::next_block() {
  if (block_->next == nullptr) return;
  Block* left = block_;
  block_ = block_->next;
  offset_ = 0;
  retain(block_);
  release(left);
}

void ByteLog::Reader::advance(uint64_t size) {
  SPINEL_ASSERT(size <= available());
  while (size > 0) {
    const uint64_t part = std::min<uint64_t>(size, peek().size());
    offset_ += part;
    size -= part;
  }
}

ByteLog::Slice ByteLog::Reader::take() {
  const std::string_view bytes = peek();
  Slice slice(block_, bytes);
  offset_ += bytes.size();
  return slice;
}

}  // namespace spinel::storage
