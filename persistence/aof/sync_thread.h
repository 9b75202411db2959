// The thread that does what may wait for the disk: it writes and syncs the append only file and
// removes old files, in the order in which the jobs came.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "persistence/file/file_system.h"
#include "storage/base/byte_log.h"

namespace spinel::persistence::aof {

// One thread submits jobs. A file belongs to this one's thread from the job that names it until
// that is done.
class SyncThread {
 public:
  // Done in this order.
  struct Job {
    std::shared_ptr<File> file = nullptr;
    std::string prefix = {};  // written first
    std::vector<storage::ByteLog::Slice> to_write = {};
    bool sync = false;
    std::vector<std::string> to_remove = {};
  };
  // How a job ended that had an error.
  struct Failure {
    uint64_t job = 0;
    FileError error;
    uint64_t written_bytes = 0;  // of this job, before the error
  };

  // Throws std::system_error if the system gives no thread or no descriptor.
  SyncThread();
  // Finishes all jobs.
  ~SyncThread();
  SyncThread(const SyncThread&) = delete;
  SyncThread& operator=(const SyncThread&) = delete;

  // Readable (an eventfd) after a job was done.
  int event_descriptor() const { return event_; }
  // Makes it not readable.
  void clear_event();

  // Returns the number of the job; they count from 1.
  uint64_t submit(Job job);
  // The last job that was submitted, and the last one that is done.
  uint64_t submitted() const { return submitted_; }
  uint64_t done() const { return done_.load(std::memory_order_acquire); }
  bool idle() const { return done() == submitted_; }
  // Blocks until `job` is done.
  void wait_for(uint64_t job);
  // The first failure since the last call. After it, jobs go on as if nothing had happened.
  std::optional<Failure> take_failure();

 private:
  void run();
  Failure execute(Job& job);

  int event_;
  uint64_t submitted_ = 0;
  std::atomic<uint64_t> done_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable job_done_;
  std::deque<Job> jobs_;
  std::optional<Failure> failure_;
  bool stopping_ = false;
  std::thread thread_;  // last: it starts when all the above exists
};

}  // namespace spinel::persistence::aof
