// The one stream of effects: what writes did, as commands that give the same result anywhere and at
// any time, in the bytes of RESP. The append-only file, the replication backlog and replicas are
// readers of it.
#pragma once

#include <cstdint>
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
    if (unit_effects_ == 0) return write_single(database, effect);
    add_to_unit(database, effect);
    commit_unit();
  }

 private:
  static constexpr int kNoDatabase = -1;

  void add_to_unit(int database, CommandArgs effect);
  void commit_unit();
  void write_single(int database, CommandArgs effect);
  void select(int database);

  storage::ByteLog log_;
  int suspended_ = 0;           // living Suspensions
  int selected_ = kNoDatabase;  // by what is in the log
  // The unit that is not committed yet.
  std::string unit_;
  int64_t unit_effects_ = 0;
  int unit_first_database_ = kNoDatabase;
  int unit_database_ = kNoDatabase;  // of its last effect
};

}  // namespace spinel::server
