// Whom this node follows: the connection to its master, the handshake, the full copy, and the
// stream that is applied.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "cluster/replication/full_copy.h"
#include "server/client.h"
#include "server/net/outgoing_link.h"
#include "server/resp/input_buffer.h"

namespace spinel::server {
class CommandContext;
class InfoWriter;
}  // namespace spinel::server

namespace spinel::cluster {

class Node;
class StreamApplier;

// What takes long, loading a copy, is done between the turns of the loop, and serves events
// meanwhile. Everything else happens as bytes arrive.
class Upstream final : private server::net::OutgoingLink::Owner, private server::ClientTransport {
 public:
  explicit Upstream(Node& node);
  ~Upstream() override;

  // Whether this node is a replica.
  bool active() const { return !host_.empty(); }
  bool follows(const std::string& host, int port) const { return host == host_ && port == port_; }
  // Whether the stream of the master arrives.
  bool connected() const { return state_ == State::kConnected; }
  // Follows the master at `host`:`port`, beginning when the loop is between turns. What is known of
  // the history is used to go on without a full copy.
  void follow(const std::string& host, int port);
  // Closes the connection: this node is no replica any more.
  void stop();
  // The database that the master's stream had selected where the data that were loaded end.
  void set_stream_database(int database) { stream_database_ = database; }

  void cron();
  void between_turns();

  // From master_host on, as far as it is about the master.
  void write_info(server::InfoWriter& info) const;
  // A replica's ROLE.
  void write_role(server::CommandContext& ctx) const;

 private:
  enum class State : uint8_t {
    kNone,        // no replica
    kConnect,     // about to connect
    kConnecting,  // until the connection is there
    kPing,        // waits for the answer to PING
    kIntroduce,   // for those to what it says of itself
    kPsync,       // for that to PSYNC
    kCopyHead,    // for the line before a copy
    kReceive,     // receives a copy into a file
    kLoadFile,    // the file is to be loaded
    kLoadLink,    // a copy is to be loaded from the connection
    kConnected,   // applies the stream
  };
  // What the master is told in the handshake.
  enum class Introduction : uint8_t { kAuth, kOption };

  // --- OutgoingLink::Owner
  void on_connected() override;
  void on_connect_failed(const std::string& why) override;
  void on_readable() override;
  // --- ClientTransport, of the master's client
  void output_ready() override {}
  void resume_input() override {}
  void close() override { is_killed_ = true; }
  size_t query_buffer_bytes() const override { return input_.size(); }
  size_t query_buffer_capacity() const override { return input_.capacity(); }
  server::resp::PartialRequest partial_request() const override { return {}; }
  int descriptor() const override { return link_->descriptor(); }

  // --- the connection
  void connect();
  // Closes the connection, to try again after `delay_ms`.
  void disconnect(int64_t delay_ms);
  void lose(std::string_view why);
  void check_timeout();
  void process_input();
  // Whether a whole line was there; it is handled.
  bool process_line();
  void on_line(std::string_view line);
  void check_disk();
  void apply_stream();

  // --- the handshake
  void send(std::initializer_list<std::string_view> args);
  void introduce();
  void on_introduced(std::string_view answer);
  void ask_for_stream();
  void on_psync_answer(std::string_view line);
  void go_on(std::string_view id);
  void begin_copy(std::string_view id, std::string_view offset);
  void refused(std::string_view line);

  // --- the full copy
  void on_copy_head(std::string_view line);
  void receive_copy();
  bool data_is_empty() const;
  void load_file();
  void load_from_link();
  // Loads `reader` in place of all data.
  LoadedCopy replace_data(persistence::ByteReader& reader, uint64_t size_bytes, bool verify);
  // Loads `reader` beside the data, which it takes the place of then.
  LoadedCopy load_aside(persistence::ByteReader& reader);
  bool ends_with_mark(persistence::ByteReader& reader, LoadedCopy& loaded) const;
  void empty_data();
  void on_loaded(const LoadedCopy& loaded);
  void stop_append_only_file();
  void resume_append_only_file();
  // Tells the master that this node is alive, at most once a second. Returns whether to go on.
  bool keep_loading();
  void log_progress();

  // --- the stream
  void begin_stream();
  void acknowledge();
  int64_t now_ms() const;  // monotonic

  Node& node_;
  std::string host_;
  int port_ = 0;
  const std::unique_ptr<server::net::OutgoingLink> link_;
  State state_ = State::kNone;
  int64_t next_try_ms_ = 0;
  int64_t last_io_ms_ = 0;
  int64_t down_since_ms_ = -1;  // -1: it was never up
  server::resp::InputBuffer input_;
  std::deque<Introduction> unanswered_;

  // The history does not say any more what the data are: only a full copy helps.
  bool must_copy_ = false;
  CopyForm copy_form_;
  std::string copy_id_;
  int64_t copy_offset_ = 0;
  std::unique_ptr<ReceivedCopy> copy_;
  uint64_t copy_read_bytes_ = 0;
  int64_t copy_began_ms_ = 0;
  int64_t next_progress_ms_ = 0;
  int64_t last_newline_ms_ = 0;
  bool is_loading_ = false;
  bool give_up_loading_ = false;

  std::unique_ptr<server::Client> client_;
  std::unique_ptr<StreamApplier> applier_;
  int stream_database_ = 0;
  bool acknowledges_ = true;  // an old master, which got SYNC, expects nothing
  bool is_applying_ = false;
  bool is_killed_ = false;
  int64_t last_acknowledged_ms_ = 0;
  int64_t next_disk_warning_ms_ = 0;
};

}  // namespace spinel::cluster
