// The one stream of effects: what writes did, as commands that give the same result anywhere and at
// any time, in the bytes of RESP. The append-only file, the replication backlog and replicas are
// readers of it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "server/engine/spec.h"
#include "storage/base/byte_log.h"

namespace spinel::server {

// The effect that removes a key.
constexpr std::string_view removal_command(bool lazy) {
  return lazy ? "UNLINK" : "DEL";
}

// The effects of a unit of execution are applied all or not at all: several are wrapped in MULTI
// and EXEC. SELECT is written where the database changes. Between units, the end of the log is the
// end of a unit. Without a reader nothing is written, and nothing costs.
class EffectStream {
 public:
  bool active() const { return log_.has_readers() && suspended_ == 0; }
  // While it lives nothing is written: what is applied was recorded before.
  class Suspension {
   public:
    explicit Suspension(EffectStream& effects) : effects_(effects) { ++effects_.suspended_; }
    ~Suspension() { --effects_.suspended_; }
    Suspension(const Suspension&) = delete;
    Suspension& operator=(const Suspension&) = delete;

   private:
    EffectStream& effects_;
  };
  const storage::ByteLog& log() const { return log_; }
  // A reader of what is written from now on. It begins with a SELECT.
  storage::ByteLog::Reader reader() {
    select_anew();
    return storage::ByteLog::Reader(log_);
  }
  // A reader of all that is written from now on, within what was selected.
  storage::ByteLog::Reader plain_reader() { return storage::ByteLog::Reader(log_); }
  // The next effect begins with a SELECT: a new file begins there.
  void select_anew() { selected_ = kNoDatabase; }

  // Adds an effect to the unit. The bytes are copied.
  void add(int database, CommandArgs effect) {
    if (active()) add_to_unit(database, effect);
  }
  // Ends the unit: what was added becomes readable.
  void commit() {
    if (unit_effects_ > 0) [[unlikely]]
      commit_unit();
  }
  // The same as `add` and `commit`.
  void add_last(int database, CommandArgs effect) {
    if (!active()) return commit();
    if (unit_effects_ == 0 && !is_local_) return write_single(database, effect);
    add_to_unit(database, effect);
    commit_unit();
  }

  // --- on a replica
  // Bytes in the log that are no part of the master's stream.
  struct LocalRange {
    uint64_t begin;  // position in the log
    uint64_t size;
  };
  // Whether effects are this node's alone: those of a replica that clients write to. They are in
  // the log for the append only file, and leave the selected database as the master's stream has
  // it.
  void set_local(bool local) { is_local_ = local; }
  // What the log has selected; negative if the next effect selects anew.
  int selected_database() const { return selected_; }
  // Appends a part of the master's stream, whole units that were applied, behind which `database`
  // is selected.
  void append_applied(std::string_view bytes, int database) {
    log_.append(bytes);
    selected_ = database;
  }
  // In order. Those before `position` are forgotten.
  const std::deque<LocalRange>& local_ranges() const { return local_ranges_; }
  void forget_local_ranges_before(uint64_t position);

 private:
  static constexpr int kNoDatabase = -1;

  void add_to_unit(int database, CommandArgs effect);
  void commit_unit();
  void write_single(int database, CommandArgs effect);
  void select(int database);
  void end_local(uint64_t begin, int selected_before);

  storage::ByteLog log_;
  int suspended_ = 0;           // living Suspensions
  int selected_ = kNoDatabase;  // by what is in the log
  bool is_local_ = false;
  std::deque<LocalRange> local_ranges_;
  // The unit that is not committed yet.
  std::string unit_;
  int64_t unit_effects_ = 0;
  int unit_first_database_ = kNoDatabase;
  int unit_database_ = kNoDatabase;  // of its last effect
};

}  // namespace spinel::server
