// The end of the server: what SHUTDOWN and signals set going.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace spinel::server {

class Server;

// What SHUTDOWN and signals ask for.
struct ShutdownRequest {
  bool save = false;
  bool nosave = false;
  bool now = false;
  bool force = false;
};

// The request that shutdown-on-sigterm or shutdown-on-sigint stands for.
ShutdownRequest shutdown_request_of(uint32_t signal_flags);

// Before the server ends, replicas that lag behind get up to `shutdown-timeout` to receive all
// writes. Meanwhile nobody writes, and who asked for the shutdown waits (BlockReason::kShutdown).
class Shutdown {
 public:
  static constexpr std::string_view kFailedError = "ERR Errors trying to SHUTDOWN. Check logs.";

  explicit Shutdown(Server& server) : server_(server) {}

  enum class Start : uint8_t {
    kEnds,    // all is saved: the loop ends soon
    kWaits,   // for replicas
    kFailed,  // the data cannot be saved, and nobody forces it: the server goes on
  };
  // Begins the shutdown. `on_failure` is called if it waits and then the server goes on after all.
  Start begin(ShutdownRequest request, std::function<void()> on_failure = {});
  // Calls off a shutdown that waits. Returns false if there is none.
  bool abort();
  // Ends the server if nobody has to be waited for any more. Called some times a second, and when a
  // replica is further.
  void poll() {
    if (waiting_) [[unlikely]]
      poll_waiting();
  }
  bool waiting() const { return waiting_.has_value(); }

 private:
  struct Waiting {
    ShutdownRequest request;
    int64_t deadline_ms;  // monotonic
    std::function<void()> on_failure;
  };

  void poll_waiting();
  // Ends children and saves the data as asked for and configured, then has the server stop. Returns
  // false, with the reason in the log, if the data cannot be saved and nobody forces it.
  bool finish(ShutdownRequest request);
  // Ends the wait: the server goes on.
  void go_on();

  Server& server_;
  std::optional<Waiting> waiting_;
};

}  // namespace spinel::server
