// The one stream of effects: what writes did, told as commands that give the same result anywhere
// and at any time. AOF and replicas are fed from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/engine/spec.h"

namespace spinel::server {

// One effect: `args` is a command to be executed in `database`.
struct Effect {
  int database;
  CommandArgs args;
};

// Receives the effects. Implemented by what persists or replicates.
class EffectSink {
 public:
  virtual ~EffectSink() = default;
  // The effects of one command, in order: to be applied all or not at all. Views are valid during
  // the call.
  virtual void on_effects(std::span<const Effect> effects) = 0;
};

// Collects the effects of the command being executed and hands them on when it ended. With no sink
// it does nothing.
class EffectStream {
 public:
  void add_sink(EffectSink& sink) { sinks_.push_back(&sink); }
  void remove_sink(EffectSink& sink);
  bool active() const { return !sinks_.empty(); }

  // Adds an effect; the bytes are copied.
  void add(int database, CommandArgs args);
  // How many effects were added since the last commit.
  size_t pending() const { return pending_.size(); }
  // Hands what was added to the sinks, as one unit.
  void commit();

 private:
  struct Pending {
    int database;
    std::vector<std::string> args;
  };

  std::vector<EffectSink*> sinks_;
  std::vector<Pending> pending_;
};

}  // namespace spinel::server
