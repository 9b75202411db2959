// FAILOVER: a master hands its role over to one of its replicas without losing a write. It pauses
// writes, waits until the replica has everything, follows it, and has it promote itself (PSYNC with
// the word FAILOVER).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace spinel::server {
class CommandContext;
}

namespace spinel::cluster {

class Node;

class Failover {
 public:
  explicit Failover(Node& node) : node_(node) {}

  // FAILOVER, with all options.
  void command(server::CommandContext& ctx);
  bool active() const { return state_ != State::kNone; }
  // Whether this node follows the target already, and asks it to take over.
  bool in_progress() const { return state_ == State::kInProgress; }
  // As INFO names it.
  std::string_view state_name() const;

  // Called often: hands over once the target has everything, or gives up in time.
  void advance();
  // --- for Upstream: what the target answered
  void on_accepted();
  void on_rejected();

 private:
  enum class State : uint8_t { kNone, kWaitingForSync, kInProgress };
  struct Options {
    bool abort = false;
    bool force = false;
    bool has_timeout = false;
    bool has_target = false;
    int64_t timeout_ms = 0;
    std::string host;
    int port = 0;
  };

  static bool read_options(server::CommandContext& ctx, Options& options);
  // Why it cannot begin; empty if it can.
  std::string_view refusal(const Options& options) const;
  // Chooses a replica that has everything, if no target was named. Returns whether the target has.
  bool target_has_everything();
  void hand_over();
  void abort(std::string_view reason);
  void end();

  Node& node_;
  State state_ = State::kNone;
  bool is_forced_ = false;
  int64_t deadline_ms_ = 0;  // monotonic; 0: none
  std::string host_;         // of the target; empty: any replica
  int port_ = 0;
};

}  // namespace spinel::cluster
