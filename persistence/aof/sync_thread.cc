#include "persistence/aof/sync_thread.h"

#include <cerrno>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "storage/base/memory.h"

namespace spinel::persistence::aof {

namespace {

int make_event() {
  const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return event;
}

}  // namespace

SyncThread::SyncThread() : event_(make_event()), thread_([this] { run(); }) {}

SyncThread::~SyncThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  close(event_);
}

void SyncThread::clear_event() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(event_, &count, sizeof count);
}

uint64_t SyncThread::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return ++submitted_;
}

void SyncThread::wait_for(uint64_t job) {
  std::unique_lock lock(mutex_);
  job_done_.wait(lock, [this, job] { return done() >= job; });
}

std::optional<SyncThread::Failure> SyncThread::take_failure() {
  const std::lock_guard lock(mutex_);
  return std::exchange(failure_, std::nullopt);
}

SyncThread::Failure SyncThread::execute(Job& job) {
  Failure result;
  if (!job.prefix.empty()) {
    result.error = job.file->write(job.prefix.data(), job.prefix.size(), result.written_bytes);
    if (!result.error.ok()) return result;
  }
  for (const storage::ByteLog::Slice& slice : job.to_write) {
    const std::string_view bytes = slice.bytes();
    result.error = job.file->write(bytes.data(), bytes.size(), result.written_bytes);
    if (!result.error.ok()) return result;
  }
  if (job.sync) result.error = job.file->sync_data();
  for (const std::string& path : job.to_remove) {
    FileError error = remove_file(path);
    if (!error.ok() && error.error != ENOENT && result.error.ok()) result.error = std::move(error);
  }
  return result;
}

void SyncThread::run() {
  storage::register_memory_thread();
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    Failure result = execute(job);
    job = Job();  // closes what nobody else has
    lock.lock();
    const uint64_t number = done() + 1;
    if (!result.error.ok() && !failure_) {
      result.job = number;
      failure_ = std::move(result);
    }
    done_.store(number, std::memory_order_release);
    job_done_.notify_all();
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(event_, &one, sizeof one);
  }
}

}  // namespace spinel::persistence::aof
